# balancewatch as a container: one static binary and nothing else, run as an ordinary user.
#
#   docker build -t balancewatch .
#
# The image brings config/container.toml, which is complete but for what is yours. The environment fills that in, and can
# replace any other line of it (the file's header lists the variables); secrets are best mounted as files:
#
#   docker run --name balancewatch --restart=on-failure --read-only --cap-drop=ALL \
#     -v balancewatch:/var/lib/balancewatch \
#     -v ./voipms.password:/run/secrets/voipms:ro \
#     -e BALANCEWATCH__ACCOUNT__MAIN__USERNAME=reseller@example.com \
#     -e BALANCEWATCH__ACCOUNT__MAIN__PASSWORD_FILE=/run/secrets/voipms \
#     -e BALANCEWATCH__SMTP__URL=smtp://alerts@mail.example.com:587 \
#     -e BALANCEWATCH__SMTP__PASSWORD=... \
#     -e BALANCEWATCH__SMTP__FROM="Phone service <alerts@example.com>" \
#     -e BALANCEWATCH__CHANNEL__OPS__TO=noc@example.com \
#     balancewatch
#
# Everything about it is asked of the same binary:
#
#   docker exec balancewatch balancewatch status
#   docker run --rm -e ... balancewatch check --online
#
# A config of your own is mounted over /etc/balancewatch/config.toml, or beside it as conf.d/*.toml.

# Debian 12's C library can be linked statically and still looks names up; any later one can too.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# Static, so that the image needs no C library. The explicit target keeps the flag from the build scripts and procedural
# macros, which cannot be static; it is the builder's own, so the same file builds on amd64 and arm64.
RUN host="$(rustc -vV | sed -n 's/^host: //p')" \
    && RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --release --target "$host" \
    && install -D "target/$host/release/balancewatch" /image/usr/local/bin/balancewatch \
    && install -D -m 0644 config/container.toml /image/etc/balancewatch/config.toml \
    && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && install -d /state/balancewatch

FROM scratch
COPY --from=build /image /
# The folder that holds the state directory is copied, not the directory itself, so that the owner is set on that too. The
# owner is a number, since a name would need an /etc/passwd.
COPY --from=build --chown=65532:65532 /state /var/lib
USER 65532:65532
# The store lives here, so it must outlast the container. It is also where SQLite puts its temporary files: there is no
# /tmp, and with --read-only nothing else could be written.
VOLUME /var/lib/balancewatch
WORKDIR /var/lib/balancewatch
# SIGTERM, the default, lets the daemon finish the work in hand within 10 s, which is what `docker stop` waits. Exit codes
# 64 and 78 mean arguments or config that only an edit can mend.
ENTRYPOINT ["/usr/local/bin/balancewatch"]
CMD ["run"]

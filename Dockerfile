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
# A config of your own is mounted over /etc/balancewatch/config.toml, or beside it as conf.d/*.toml. The usual trust roots are built
# in; others are mounted as /etc/ssl/certs/ca-certificates.crt.
#
# With a static program at hand (`.ci/static build --release`), as DIR/image/usr/local/bin/balancewatch beside an empty
# DIR/state/balancewatch, nothing is compiled: `docker build --build-context build=DIR .`, or buildah's.

# Debian 12's C library can be linked statically and still looks names up; any later one can too.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN .ci/static build --release --locked \
    && install -D target/*-linux-gnu/release/balancewatch /image/usr/local/bin/balancewatch \
    && install -d /state/balancewatch

FROM scratch
# What a build is of; neither changes what it does.
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="balancewatch" \
    org.opencontainers.image.description="Watches the prepaid balances of a VoIP.ms reseller's clients" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"
COPY --from=build /image /
COPY config/container.toml /etc/balancewatch/config.toml
# The folder that holds the state directory is copied, not the directory itself, so that the owner is set on that too. The
# owner is a number, since a name would need an /etc/passwd.
COPY --from=build --chown=65532:65532 /state /var/lib
USER 65532:65532
# The store lives here, so it must outlast the container. It is also where temporary files go (SQLite's, the demo's): there is
# no /tmp, and with --read-only nothing else could be written.
VOLUME /var/lib/balancewatch
WORKDIR /var/lib/balancewatch
ENV TMPDIR=/var/lib/balancewatch
# The listener: on loopback, which is the container's own, until BALANCEWATCH__WEB__LISTEN and a token say otherwise.
EXPOSE 9877
# Ready once the first sweep was judged, which the rate of calls may put off by an hour: asked seldom, and given time.
HEALTHCHECK --interval=1m --timeout=5s --start-period=1h --retries=3 CMD ["/usr/local/bin/balancewatch", "health"]
# SIGTERM, the default, lets the daemon finish the work in hand within 10 s, which is what `docker stop` waits. Exit codes
# 64 and 78 mean arguments or config that only an edit can mend.
ENTRYPOINT ["/usr/local/bin/balancewatch"]
CMD ["run"]

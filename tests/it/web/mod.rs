//! The web listener of the real binary, asked over loopback. [`Listener`] starts it; the modules beside this one ask.

use std::ops::Deref;
use std::process::Command;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use serde_json::Value;

use crate::journey::world::{Daemon, World, within};

mod access;
mod amtool;
mod api;
mod attack;
mod browser;
mod decide;
mod links;
mod metrics;
mod pages;
mod schema;

/// A daemon that listens on a port of its own, with all that is around it. Its first sweep may go on when this is there.
pub struct Listener {
    pub world: World,
    pub daemon: Daemon,
    /// Such as `http://127.0.0.1:41234`.
    pub url: String,
    client: Client,
}

impl Deref for Listener {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Asserts how it ended.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// A header's value; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Listener {
    /// With this many clients, and this at the end of the configuration.
    pub async fn new(clients: u32, more: &str) -> Self {
        let world = World::new(clients).await;
        world.configure(more);
        Self::of(world, |_| {}).await
    }

    /// Of a world that is there already, after something was done to the command.
    pub async fn of(world: World, prepare: impl FnOnce(&mut Command)) -> Self {
        let daemon = world.daemon_after(|command| {
            command.env("BALANCEWATCH__WEB__LISTEN", "127.0.0.1:0");
            prepare(command);
        });
        let mut url = None;
        world
            .until("the listener", |world| {
                let log = world.daemon_log();
                let said = log.split_once("the dashboard is at ").map(|(_, rest)| rest);
                url = said.and_then(|rest| Some(rest.split_once(char::is_whitespace)?.0.to_owned()));
                url.is_some()
            })
            .await;
        Self {
            world,
            daemon,
            url: url.unwrap(),
            client: client(),
        }
    }

    /// Waits until `/-/ready` says so: the first sweep was judged.
    pub async fn ready(self) -> Self {
        let asking = async {
            let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
            while self.get("/-/ready").await.status != 200 {
                ticks.tick().await;
            }
        };
        within("a judged sweep", asking).await;
        self
    }

    /// The token beside the store.
    pub fn token(&self) -> String {
        let path = self.world.folder.path().join("web.token");
        std::fs::read_to_string(path).unwrap().trim_end().to_owned()
    }

    /// A request that is still to be filled in.
    pub fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// What is read without showing anything.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.ask("GET", path)).await
    }

    /// The cookie of somebody of this name who logs in with the token.
    pub async fn login(&self, name: &str) -> String {
        let form = format!("token={}&name={name}", self.token());
        let answer = answer(self.form("/login", form)).await;
        let cookie = answer.is(303).header("set-cookie");
        cookie.split_once(';').unwrap().0.to_owned()
    }

    /// A form as a browser sends it from a page of this listener.
    pub fn form(&self, path: &str, fields: String) -> RequestBuilder {
        let request = self.ask("POST", path).header("origin", &self.url);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields)
    }

    /// What is sent as JSON with the token.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        answer(
            self.ask(method, path)
                .bearer_auth(self.token())
                .header("content-type", "application/json")
                .body(body.to_string()),
        )
        .await
    }
}

/// It follows no redirect: that is an answer like others.
#[expect(clippy::disallowed_methods, reason = "a browser's part is played, not the program's")]
fn client() -> Client {
    balancewatch::net::install_tls_provider();
    let client = Client::builder().redirect(redirect::Policy::none()).no_proxy();
    client.build().unwrap()
}

/// Sends a request; what came back.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = within("an answer", request.send()).await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

//! Debian's Chromium without a window, led by its own `chromedriver` over the W3C protocol; what the protocol lacks (colour
//! scheme, a phone's screen, pages without JavaScript, whole pictures) is asked of Chromium's own. It judges nothing: the tests do.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use balancewatch::net::{Bounds, HttpClient, HttpRequest, Method, Network, Url};
use base64::Engine;
use serde_json::{Value, json};

use crate::alertmanager::real::until;

/// What a reference to an element is called in answers; the W3C chose a name that nothing else has.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The keys as WebDriver names them.
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";

/// How wide and high the window is, in CSS pixels.
const DESK: (u32, u32) = (1280, 900);
const PHONE: (u32, u32) = (375, 812);

/// A running browser with one empty tab. It ends with the test.
pub struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    client: HttpClient,
    /// axe-core, which looks for what shuts people out.
    axe: String,
    _folder: tempfile::TempDir,
}

/// The program, axe-core, or why a machine that does not judge may skip what needs them.
fn found() -> Result<(PathBuf, String), &'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut installed = std::env::split_paths(&path).map(|folder| folder.join("chromedriver"));
    let driver = installed
        .find(|path| path.is_file())
        .ok_or("needs Debian's package chromium-driver")?;
    let axe =
        std::env::var_os("BALANCEWATCH_TEST_AXE").ok_or("needs axe.min.js of axe-core, at BALANCEWATCH_TEST_AXE")?;
    let axe = std::fs::read_to_string(axe).map_err(|_| "BALANCEWATCH_TEST_AXE leads to no file")?;
    Ok((driver, axe))
}

impl Browser {
    /// Starts one; `None`, told: this machine does not have it, which nobody but a machine that judges must have.
    pub async fn start() -> Option<Self> {
        let (program, axe) = match found() {
            Ok(found) => found,
            Err(missing) => {
                assert!(std::env::var_os("CI").is_none(), "a browser test {missing}");
                // Not as a test's output, which is kept back where it passes.
                let mut errors = std::io::stderr();
                writeln!(errors, "skipped: {missing}").unwrap();
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said");
        let driver = Command::new(program)
            .arg("--port=0")
            .envs([("TMPDIR", folder.path()), ("HOME", folder.path())])
            .stdout(std::fs::File::create(&said).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = None;
        until("chromedriver", async || {
            let said = std::fs::read_to_string(&said).unwrap();
            let named = said
                .split_once("successfully on port ")
                .and_then(|(_, rest)| rest.split_once('.'));
            port = named.and_then(|(port, _)| port.parse::<u16>().ok());
            port.is_some()
        })
        .await;
        let address = SocketAddr::from(([127, 0, 0, 1], port.unwrap()));
        let url = Url::parse(&format!("http://{address}/")).unwrap();
        let client = HttpClient::writes(&url, &Network::load(), Bounds::default()).unwrap();
        let session = String::new();
        let mut browser = Self {
            driver,
            address,
            session,
            client,
            axe,
            _folder: folder,
        };
        // Pages are this program's own, and a sandbox needs rights that containers lack.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--lang=en",
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let opened = browser.ask(Method::POST, "", wanted).await;
        browser.session = format!("/{}", opened["sessionId"].as_str().unwrap());
        browser.desk("light").await;
        Some(browser)
    }

    /// One command; its answer.
    #[track_caller]
    fn ask(&self, method: Method, path: &str, body: Value) -> impl Future<Output = Value> + '_ {
        let place = std::panic::Location::caller();
        let url = format!("http://{}/session{}{path}", self.address, self.session);
        async move {
            let mut request = HttpRequest::new(method.clone(), Url::parse(&url).unwrap());
            request.body = (method == Method::POST).then(|| body.to_string().into_bytes());
            let answer = self.client.send(request).await.unwrap();
            let mut said: Value = serde_json::from_slice(&answer.body).unwrap();
            let said = said["value"].take();
            assert_eq!(
                answer.status, 200,
                "{place}: {url}: {}: {}",
                said["error"], said["message"]
            );
            said
        }
    }

    /// Asks Chromium itself.
    async fn chromium(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.ask(Method::POST, "/goog/cdp/execute", body).await
    }

    /// The screen of a desk, in this colour scheme.
    pub async fn desk(&self, scheme: &str) {
        self.screen(DESK, false, scheme).await;
    }

    /// The screen of a phone.
    pub async fn phone(&self) {
        self.screen(PHONE, true, "light").await;
    }

    async fn screen(&self, (width, height): (u32, u32), is_mobile: bool, scheme: &str) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_mobile });
        self.chromium("Emulation.setDeviceMetricsOverride", screen).await;
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", features).await;
    }

    /// Pages run no script from now on.
    pub async fn without_javascript(&self) {
        let wanted = json!({ "value": true });
        self.chromium("Emulation.setScriptExecutionDisabled", wanted).await;
    }

    pub async fn open(&self, url: &str) {
        self.ask(Method::POST, "/url", json!({ "url": url })).await;
    }

    /// Where it is: the path and the query.
    pub async fn place(&self) -> String {
        let url = self.ask(Method::GET, "/url", Value::Null).await;
        let url = Url::parse(url.as_str().unwrap()).unwrap();
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    #[track_caller]
    fn find(&self, selector: &str) -> impl Future<Output = String> + '_ {
        let found = self.ask(
            Method::POST,
            "/element",
            json!({ "using": "css selector", "value": selector }),
        );
        async move { format!("/element/{}", found.await[ELEMENT].as_str().unwrap()) }
    }

    /// Clicks the middle of the first element of this kind, as a mouse does: what lies above it makes that fail.
    #[track_caller]
    pub fn click(&self, selector: &str) -> impl Future<Output = ()> + '_ {
        let found = self.find(selector);
        async move {
            let path = format!("{}/click", found.await);
            self.ask(Method::POST, &path, json!({})).await;
        }
    }

    /// Types into the first element of this kind, in place of what it holds.
    #[track_caller]
    pub fn fill<'s>(&'s self, selector: &str, text: &'s str) -> impl Future<Output = ()> + 's {
        let found = self.find(selector);
        async move {
            let element = found.await;
            self.ask(Method::POST, &format!("{element}/clear"), json!({})).await;
            self.ask(Method::POST, &format!("{element}/value"), json!({ "text": text }))
                .await;
        }
    }

    /// Presses these keys one after the other, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let each = |key: char| {
            let key = key.to_string();
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }))
        };
        let actions: Vec<Value> = keys.chars().flat_map(each).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.ask(Method::POST, "/actions", json!({ "actions": [keyboard] }))
            .await;
    }

    /// What an expression comes to. It is asked of Chromium, so that no policy of the page stops it.
    #[track_caller]
    pub fn script(&self, expression: &str) -> impl Future<Output = Value> + '_ {
        let place = std::panic::Location::caller();
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        async move {
            let mut answer = self.chromium("Runtime.evaluate", asked).await;
            assert_eq!(answer["exceptionDetails"], Value::Null, "{place}");
            answer["result"]["value"].take()
        }
    }

    /// The text of the page as people see it, on one line.
    pub async fn text(&self) -> String {
        let text = self.script("document.body.innerText").await;
        let words: Vec<&str> = text.as_str().unwrap().split_whitespace().collect();
        words.join(" ")
    }

    /// Waits until the page says something.
    pub async fn until_it_says(&self, text: &str) {
        until(&format!("`{text}`"), async || self.text().await.contains(text)).await;
    }

    /// What pages complained of since this was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        let logged = self.ask(Method::POST, "/se/log", json!({ "type": "browser" })).await;
        let entries = logged.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What shuts people out of the page, by the rules of WCAG and good practice; each with the elements.
    pub async fn barriers(&self) -> Vec<String> {
        self.script(&format!("{};0", self.axe)).await;
        let found = self.script("axe.run({ resultTypes: ['violations'] })").await;
        let violations = found["violations"].as_array().unwrap().iter();
        let words = |violation: &Value| {
            let nodes = violation["nodes"].as_array().unwrap().iter().take(3);
            let nodes: Vec<String> = nodes
                .map(|node| format!("{}: {}", node["html"], node["failureSummary"]))
                .collect();
            format!("{}: {}", violation["id"], nodes.join(" | "))
        };
        violations.map(words).collect()
    }

    /// A picture of the whole page, however long.
    pub async fn shot(&self, path: &Path) {
        let size = self.chromium("Page.getLayoutMetrics", json!({})).await["cssContentSize"].take();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let wanted = json!({ "captureBeyondViewport": true, "clip": clip });
        let picture = self.chromium("Page.captureScreenshot", wanted).await;
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap());
        std::fs::write(path, bytes.unwrap()).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium is its driver's child: the driver ends it when its session ends, and not when it is killed itself. What fails
        // here has ended already.
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            stream.set_read_timeout(Some(Duration::from_secs(10))).ok();
            let (session, address) = (&self.session, self.address);
            let asked = format!("DELETE /session{session} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
            stream.write_all(asked.as_bytes()).ok();
            stream.read_to_end(&mut Vec::new()).ok();
        }
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

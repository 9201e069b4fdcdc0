//! Previews of links, against a server on loopback that means well, and one that does not.

use std::sync::{Arc, Mutex};

use api::{LinkPreviews, MakePreview, SendText};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use undertone_daemon::Reach;

use crate::common::{Running, befriend, eventually, service, start, start_with, unlocked};

/// A server with a page for every mischief; remembers what it was asked.
struct Server {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let server = Server {
            address: address.clone(),
            heard: Arc::clone(&heard),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, address.clone(), Arc::clone(&heard)));
            }
        });
        server
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn answer(mut stream: TcpStream, own: String, heard: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => request.extend_from_slice(&part[..count]),
            _ => return,
        }
    }
    let request = String::from_utf8(request).unwrap();
    let path = request.split(' ').nth(1).unwrap().to_owned();
    heard.lock().unwrap().push(request);
    let html = |head: &str| page("text/html; charset=utf-8", &format!("<html><head>{head}</head></html>"));
    let said = match &path[..] {
        "/page" => html(
            "<title>Not this</title><meta property=og:title content='A &amp; B'>\
             <meta name=description content='Something to read'><meta property=og:image content=/dot.png>",
        ),
        "/dot.png" => whole("image/png", &png()),
        "/moved" => moved("/page"),
        "/bomb" => html("<title>Bomb</title><meta property=og:image content=/bomb.png>"),
        "/bomb.png" => whole("image/png", &bomb()),
        "/inner" => html("<title>Inner</title><meta property=og:image content=http://192.168.1.1/logo.png>"),
        "/loop" => moved("/loop"),
        "/router" => moved("http://192.168.1.1/"),
        "/cloud" => moved("http://169.254.169.254/latest/meta-data/"),
        "/file" => moved("file:///etc/passwd"),
        "/ssh" => moved("ssh://127.0.0.1:22/"),
        "/secret" => moved(&own.replace("http://", "http://user:secret@")),
        "/packed" => b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b".to_vec(),
        "/drawing.svg" => page("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "/program" => page("application/octet-stream", "MZ"),
        "/nothing" => html(""),
        "/endless" | "/endless-head" => {
            let begin = match &path[..] {
                "/endless" => "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Endless</title>",
                _ => "HTTP/1.1 200 OK\r\nX-Long: ",
            };
            let mut sent = stream.write_all(begin.as_bytes()).await;
            while sent.is_ok() {
                sent = stream.write_all(&[b'x'; 65_536]).await;
            }
            return;
        }
        "/silent" => {
            let _ = stream.read(&mut part).await;
            return;
        }
        _ => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
    };
    let _ = stream.write_all(&said).await;
}

fn page(kind: &str, text: &str) -> Vec<u8> {
    whole(kind, text.as_bytes())
}

fn whole(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nSet-Cookie: track=1\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn moved(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nSet-Cookie: track=1\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// A bitmap in the simplest PNG that there is: 3 × 2 pixels.
fn png() -> Vec<u8> {
    let digits = "89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d0000001049444154789c6338212707410c\
                  701600410006193c4541960000000049454e44ae426082";
    hex::decode(digits).unwrap()
}

/// The same, promising 60,000 × 60,000.
fn bomb() -> Vec<u8> {
    let mut bytes = png();
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes
}

async fn reaching_loopback(nodes: Vec<String>) -> Running {
    start_with(|config| {
        config.network.reach = Reach::Loopback;
        config.network.static_nodes = nodes;
    })
    .await
}

/// What cannot be sent with a preview that was made.
async fn refused(client: &api::client::Client, alice: &str, bobby: &str, body: &SendText) {
    for (text, previews, code) in [
        ("No link here", vec![body.previews[0].clone()], "preview_not_in_text"),
        (&body.text[..], vec!["00".into()], "preview_not_found"),
        (&body.text[..], vec![body.previews[0].clone(); 6], "how_many_previews"),
    ] {
        let body = SendText {
            mentions: Vec::new(),
            text: text.into(),
            reply_to: None,
            previews,
        };
        let error = client.send_text(alice, bobby, &body).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
}

#[tokio::test]
async fn a_preview_is_made_once_by_whoever_sends_it() {
    let server = Server::start().await;
    let (node, address) = service().await;
    let running = reaching_loopback(vec![address]).await;
    let client = &running.client;
    let (alice, bobby) = (unlocked(client, "Alice Doe").await, unlocked(client, "Bobby").await);
    let (alice_key, bobby_key) = befriend(client, &alice, &bobby).await;

    let url = format!("{}/moved", server.address);
    let made = client
        .make_preview(&alice, &MakePreview { url: url.clone() })
        .await
        .unwrap();
    assert_eq!(made.preview.title.as_deref(), Some("A & B"));
    assert_eq!(made.preview.description.as_deref(), Some("Something to read"));
    assert_eq!(made.preview.site, "127.0.0.1");
    let picture = client.bytes(made.preview.image_path.as_deref().unwrap()).await.unwrap();
    assert!(picture.starts_with(&[0xff, 0xd8, 0xff]), "a JPEG of our own");
    let heard = server.heard();
    assert_eq!(heard.len(), 3, "the way, the page, the picture: {heard:?}");
    for request in &heard {
        let request = request.to_lowercase();
        for header in ["cookie:", "referer:", "authorization:", "accept-language:", "undertone"] {
            assert!(!request.contains(header), "{request}");
        }
    }

    let body = SendText {
        mentions: Vec::new(),
        text: format!("Read {url}!"),
        reply_to: None,
        previews: vec![made.id],
    };
    client.send_text(&alice, &bobby_key, &body).await.unwrap();
    let seen = eventually("the message", async || {
        let page = client
            .messages(&bobby, &alice_key, &api::PageQuery::default())
            .await
            .unwrap();
        page.items.into_iter().find(|message| !message.links.is_empty())
    })
    .await;
    let link = &seen.links[0];
    assert_eq!((link.title.as_deref(), &link.url), (Some("A & B"), &url));
    let picture = client.bytes(link.image_path.as_deref().unwrap()).await.unwrap();
    assert!(picture.starts_with(&[0xff, 0xd8, 0xff]));
    assert_eq!(server.heard().len(), 3, "whoever reads it asks nobody");

    refused(client, &alice, &bobby_key, &body).await;
    running.daemon.shutdown().await;
    node.shutdown().await;
}

#[tokio::test]
async fn no_page_leads_us_into_a_private_network_or_keeps_us_busy() {
    let server = Server::start().await;
    let running = reaching_loopback(Vec::new()).await;
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    let make = async |path: &str| {
        let url = format!("{}{path}", server.address);
        client.make_preview(&alice, &MakePreview { url }).await
    };
    for (path, code) in [
        ("/loop", "preview_redirects"),
        ("/router", "preview_private"),
        ("/cloud", "preview_private"),
        ("/file", "preview_address"),
        ("/ssh", "preview_address"),
        ("/secret", "preview_address"),
        ("/packed", "preview_other_kind"),
        ("/drawing.svg", "preview_other_kind"),
        ("/program", "preview_other_kind"),
        ("/nothing", "preview_nothing"),
        ("/absent", "preview_refused"),
        ("/endless-head", "preview_unreachable"),
        ("/silent", "preview_too_slow"),
    ] {
        let error = make(path).await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{path}: {error}");
    }
    assert_eq!(
        make("/endless").await.unwrap().preview.title.as_deref(),
        Some("Endless")
    );
    for path in ["/bomb", "/inner"] {
        let made = make(path).await.unwrap();
        assert_eq!(made.preview.image_path, None, "{path}");
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn without_the_permission_of_a_test_this_computer_is_asked_nothing() {
    let server = Server::start().await;
    let running = start().await;
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    let url = server.address.clone() + "/page";
    for (url, code) in [
        (url.clone(), "preview_address"),
        (url.replace("127.0.0.1", "localhost"), "preview_address"),
        ("http://127.0.0.1/".into(), "preview_private"),
        ("http://localhost/".into(), "preview_private"),
        ("not an address".into(), "preview_address"),
    ] {
        let error = client.make_preview(&alice, &MakePreview { url }).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    let mut settings = client.settings(&alice).await.unwrap();
    assert_eq!(settings.link_previews, LinkPreviews::Ask);
    settings.link_previews = LinkPreviews::Never;
    client.save_settings(&alice, &settings).await.unwrap();
    let error = client.make_preview(&alice, &MakePreview { url }).await.unwrap_err();
    assert_eq!(error.code(), Some("previews_off"));
    assert!(server.heard().is_empty());
    running.daemon.shutdown().await;
}

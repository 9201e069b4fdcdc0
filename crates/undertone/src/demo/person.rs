//! A person of the demo: a data directory, a daemon of their own with its node, and a client that speaks to it over HTTP as
//! every user interface does.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use api::client::{Client, Events};
use api::{
    Account, AttachmentKind, ConfirmPhrase, Connectivity, Contact, ContactRequest, CreateGroup, CreateProfile,
    Delivery, ExportPhrase, Frame, Group, Invitation, Item, Message, MessageKind, NodeStatus, OpenBrowser, PageQuery,
    Secret, SendAttachments, SendText, Unlock,
};
use daemon::{Config, Daemon, Listen, Network};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Somebody with an app on their machine.
pub(crate) struct Person {
    config: Config,
    password: Secret,
    /// The app, while it runs.
    app: Option<App>,
    /// Since the profile was made.
    known: Option<Known>,
}

/// What does not change while the app is closed.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) account: Account,
    pub(crate) phrase: Secret,
    pub(crate) password: Secret,
}

/// A running app with an unlocked profile.
struct App {
    daemon: Daemon,
    client: Client,
    feed: Option<Feed>,
}

/// When an own message got how far.
pub(crate) type Journey = Vec<(Delivery, Instant)>;

impl Person {
    /// Somebody who has nothing yet but a machine.
    pub(crate) fn new(dir: &Path, password: Secret) -> Self {
        let network = Network {
            listen: Listen {
                address: std::net::Ipv4Addr::LOCALHOST.into(),
                port: 0,
            },
            ..Network::default()
        };
        let config = Config {
            network,
            ..Config::new(dir)
        };
        Self {
            config,
            password,
            app: None,
            known: None,
        }
    }

    /// Learns of nodes, by their addresses.
    pub(crate) fn knows(&mut self, nodes: Vec<String>) {
        self.config.network.static_nodes = nodes;
    }

    /// Opens the app for the first time and makes a profile.
    pub(crate) async fn begin(&mut self, name: &str) -> Result<()> {
        let client = self.open().await?;
        let wish = CreateProfile {
            name: name.to_owned(),
            password: self.password.clone(),
            unlock: true,
        };
        let profile = client.create_profile(&wish).await.context("making the profile")?.id;
        let export = ExportPhrase {
            password: self.password.clone(),
        };
        let phrase = client
            .export_phrase(&profile, &export)
            .await
            .context("showing the recovery phrase")?
            .phrase;
        let account = client.account(&profile).await?;
        self.known = Some(Known {
            account,
            phrase,
            password: self.password.clone(),
        });
        self.listen().await
    }

    /// Gives two words of the recovery phrase back, so that the app does not remind of it.
    pub(crate) async fn writes_phrase_down(&self) -> Result<()> {
        let (client, profile) = (self.client()?, self.profile()?);
        let places = client.phrase_question(profile).await?.places;
        let words: Vec<&str> = self.known()?.phrase.expose().split(' ').collect();
        let word = |place: u8| {
            let word = words.get(usize::from(place).wrapping_sub(1));
            word.map(|word| Secret::new((*word).to_owned()))
                .context("the phrase has no such word")
        };
        let words = [word(places[0])?, word(places[1])?];
        client.confirm_phrase(profile, &ConfirmPhrase { words }).await?;
        Ok(())
    }

    /// Opens the app again.
    pub(crate) async fn return_home(&mut self) -> Result<()> {
        let client = self.open().await?;
        client
            .unlock(
                self.profile()?,
                &Unlock {
                    password: self.password.clone(),
                },
            )
            .await
            .context("unlocking the profile")?;
        self.listen().await
    }

    /// Closes the app: its node disconnects, its keys leave memory, its API is gone.
    pub(crate) async fn leave(&mut self) {
        if let Some(app) = self.app.take() {
            drop(app.feed);
            app.daemon.shutdown().await;
        }
    }

    /// Lets a browser in, to a chat: by a file that only its owner can read, or by a code.
    pub(crate) async fn invite(&self, chat: &str) -> Result<Invitation> {
        let wish = OpenBrowser {
            page: None,
            chat: Some(chat.to_owned()),
        };
        Ok(self.client()?.open_browser(&wish).await?)
    }

    /// Where their profile is.
    pub(crate) fn directory(&self) -> &Path {
        &self.config.data_dir
    }

    /// The way to speak to the app, while it runs and afterwards.
    pub(crate) fn door(&self) -> Result<Client> {
        self.client().cloned()
    }

    /// What does not change while the app is closed.
    pub(crate) fn known(&self) -> Result<&Known> {
        self.known.as_ref().context("there is no profile yet")
    }

    /// The chat key to give to others.
    pub(crate) fn key(&self) -> Result<&str> {
        Ok(&self.known()?.account.key)
    }

    /// What the app says about its node.
    pub(crate) async fn node(&self) -> Result<NodeStatus> {
        Ok(self.client()?.node(self.profile()?).await?)
    }

    /// Waits until messages can travel, through every node that was named.
    pub(crate) async fn online(&self) -> Result<()> {
        loop {
            let node = self.node().await?;
            if node.connectivity != Connectivity::Offline && node.peers.len() >= self.config.network.static_nodes.len()
            {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks somebody to become a contact.
    pub(crate) async fn ask(&self, key: &str, note: &str) -> Result<()> {
        let wish = ContactRequest {
            key: key.to_owned(),
            note: note.to_owned(),
        };
        self.client()?.request_contact(self.profile()?, &wish).await?;
        Ok(())
    }

    /// Says yes to somebody's request.
    pub(crate) async fn accept(&self, key: &str) -> Result<()> {
        self.client()?.contact_action(self.profile()?, key, "accept").await?;
        Ok(())
    }

    /// Waits until the event stream shows somebody as expected.
    pub(crate) async fn sees(&mut self, key: &str, as_expected: impl Fn(&Contact) -> bool) -> Result<()> {
        let mut last = None;
        let is_it = |item: &Item| match item {
            Item::Contact(contact) if contact.key == key => {
                last = Some(contact.state);
                as_expected(contact).then_some(())
            }
            _ => None,
        };
        let seen = self.feed()?.until(is_it).await;
        seen.with_context(|| format!("the contact was last shown as {last:?}"))
    }

    /// Writes to somebody. The message's id.
    pub(crate) async fn write(&self, key: &str, text: &str, reply_to: Option<&str>) -> Result<String> {
        let body = SendText {
            mentions: Vec::new(),
            text: text.to_owned(),
            reply_to: reply_to.map(str::to_owned),
            previews: Vec::new(),
        };
        Ok(self.client()?.send_text(self.profile()?, key, &body).await?.message_id)
    }

    /// Shows somebody a picture. The message's id.
    pub(crate) async fn show(&self, key: &str, text: &str, picture: &[u8]) -> Result<String> {
        let (client, profile) = (self.client()?, self.profile()?);
        let upload = client
            .upload(profile, AttachmentKind::Image, None, picture.to_vec())
            .await?;
        let body = SendAttachments {
            mentions: Vec::new(),
            uploads: vec![upload.id],
            text: text.to_owned(),
            reply_to: None,
        };
        Ok(client.send_attachments(profile, key, &body).await?.message_id)
    }

    /// Founds a group with a picture, and lets somebody in.
    pub(crate) async fn founds(&self, name: &str, colour: &str, with: &str, picture: Vec<u8>) -> Result<Group> {
        let body = CreateGroup {
            name: name.to_owned(),
            colour: Some(colour.to_owned()),
            members: vec![with.to_owned()],
        };
        let group = self.client()?.create_group(self.profile()?, &body).await?;
        let pictured = self.client()?.set_group_picture(self.profile()?, &group.id, picture);
        Ok(pictured.await?)
    }

    /// Waits until the event stream shows a group as expected.
    pub(crate) async fn sees_group(&mut self, id: &str, as_expected: impl Fn(&Group) -> bool) -> Result<()> {
        let is_it = |item: &Item| match item {
            Item::Group(group) if group.id == id => as_expected(group).then_some(()),
            _ => None,
        };
        self.feed()?.until(is_it).await
    }

    /// A group as the app shows it.
    pub(crate) async fn group(&self, id: &str) -> Result<Group> {
        Ok(self.client()?.group(self.profile()?, id).await?)
    }

    /// The picture of a message, as the app shows it.
    pub(crate) async fn picture(&self, message: &str) -> Result<Vec<u8>> {
        Ok(self.client()?.attachment(self.profile()?, message).await?)
    }

    /// Waits until the event stream shows a message.
    pub(crate) async fn hears(&mut self, id: &str) -> Result<Message> {
        let is_it = |item: &Item| match item {
            Item::Message(message) if message.id == id => Some((**message).clone()),
            _ => None,
        };
        self.feed()?.until(is_it).await
    }

    /// Waits until the event stream says that an own message got so far. The way there.
    pub(crate) async fn travelled(&mut self, id: &str, to: Delivery) -> Result<Journey> {
        let is_it = |item: &Item| match item {
            Item::Message(message) if message.id == id && message.delivery == Some(to) => Some(()),
            _ => None,
        };
        let feed = self.feed()?;
        feed.until(is_it).await?;
        Ok(feed.journey(id))
    }

    /// Waits until an own message has got so far, whenever that was.
    pub(crate) async fn settles(&self, id: &str, delivery: Delivery) -> Result<()> {
        while self.delivery(id).await? != Some(delivery) {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// How far an own message has got.
    pub(crate) async fn delivery(&self, id: &str) -> Result<Option<Delivery>> {
        Ok(self.client()?.message(self.profile()?, id).await?.delivery)
    }

    /// The texts of a chat, oldest first.
    pub(crate) async fn reads(&self, key: &str) -> Result<Vec<Message>> {
        let query = PageQuery {
            before: None,
            limit: Some(PAGE),
        };
        let mut messages = self.client()?.messages(self.profile()?, key, &query).await?.items;
        messages.reverse();
        messages.retain(|message| message.kind == MessageKind::Text);
        Ok(messages)
    }

    /// Waits until a chat holds so many texts.
    pub(crate) async fn reads_at_least(&self, key: &str, count: usize) -> Result<Vec<Message>> {
        loop {
            let messages = self.reads(key).await?;
            if messages.len() >= count {
                return Ok(messages);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn open(&mut self) -> Result<Client> {
        let daemon = Daemon::start(self.config.clone()).await.context("starting the app")?;
        let client = daemon.client();
        self.app = Some(App {
            daemon,
            client: client.clone(),
            feed: None,
        });
        Ok(client)
    }

    async fn listen(&mut self) -> Result<()> {
        let feed = Feed::open(self.client()?, self.profile()?).await?;
        self.app.as_mut().context(CLOSED)?.feed = Some(feed);
        Ok(())
    }

    fn client(&self) -> Result<&Client> {
        Ok(&self.app.as_ref().context(CLOSED)?.client)
    }

    fn profile(&self) -> Result<&str> {
        Ok(&self.known()?.account.profile)
    }

    fn feed(&mut self) -> Result<&mut Feed> {
        self.app.as_mut().and_then(|app| app.feed.as_mut()).context(CLOSED)
    }
}

/// The event stream, with the moment at which each event came.
struct Feed {
    log: Vec<(Item, Instant)>,
    arriving: mpsc::Receiver<(Item, Instant)>,
    reader: JoinHandle<()>,
}

impl Feed {
    async fn open(client: &Client, profile: &str) -> Result<Self> {
        let mut events = client.events(profile, None).await.context("opening the event stream")?;
        // From here on nothing is missed.
        if !matches!(events.next().await?, Some(Frame::Joined { .. })) {
            bail!("the event stream does not begin as agreed");
        }
        let (sender, arriving) = mpsc::channel(FEED);
        Ok(Self {
            log: Vec::new(),
            arriving,
            reader: tokio::spawn(forward(events, sender)),
        })
    }

    /// Waits for an item that means something; those that came before count too.
    async fn until<T>(&mut self, mut find: impl FnMut(&Item) -> Option<T>) -> Result<T> {
        if let Some(found) = self.log.iter().find_map(|(item, _)| find(item)) {
            return Ok(found);
        }
        loop {
            let (item, at) = self.arriving.recv().await.context("the event stream ended")?;
            let found = find(&item);
            self.log.push((item, at));
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    /// Every state of an own message, each when it was first told.
    fn journey(&self, id: &str) -> Journey {
        let mut journey = Journey::new();
        for (item, at) in &self.log {
            if let Item::Message(message) = item
                && message.id == id
                && let Some(delivery) = message.delivery
                && journey.last().is_none_or(|(last, _)| *last != delivery)
            {
                journey.push((delivery, *at));
            }
        }
        journey
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn forward(mut events: Events, to: mpsc::Sender<(Item, Instant)>) {
    while let Ok(Some(frame)) = events.next().await {
        let Frame::Event(event) = frame else { continue };
        let at = Instant::now();
        for item in event.items {
            if to.send((item, at)).await.is_err() {
                return;
            }
        }
    }
}

const CLOSED: &str = "the app is closed";
/// More events than the story causes between two looks.
const FEED: usize = 256;
/// More texts than the story has.
const PAGE: u32 = 100;
/// Between two looks at what has no event.
const POLL: Duration = Duration::from_millis(20);

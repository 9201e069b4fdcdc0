//! The event stream: one WebSocket per reader, pulling from a profile's event log.

use std::sync::Arc;
use std::time::Duration;

use api::{Frame, Signal};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::event_log::{After, EventLog};

/// From where a reader wants to go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resume {
    /// The epoch it knows.
    pub(crate) epoch: Option<String>,
    /// The last event it applied.
    pub(crate) since: Option<u64>,
}

/// Serves one reader until it leaves, stops answering, or the profile is locked.
pub(crate) async fn serve(socket: WebSocket, log: Arc<EventLog>, resume: Resume) {
    // The reader's absence is the usual end.
    let _ = Reader { socket, log }.run(resume).await;
}

struct Reader {
    socket: WebSocket,
    log: Arc<EventLog>,
}

/// The reader is gone.
struct Gone;

impl Reader {
    async fn run(mut self, resume: Resume) -> Result<(), Gone> {
        let mut latest = self.log.watch();
        let mut signals = self.log.signals();
        let newest = *latest.borrow_and_update();
        let mut position = self.join(resume, newest).await?;
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();

        loop {
            position = self.send_after(position).await?;
            tokio::select! {
                changed = latest.changed() => changed.map_err(|_| Gone)?,
                signal = signals.recv() => match signal {
                    Ok(Signal::Locked) => return self.close().await,
                    Ok(signal) => self.send(&Frame::Signal { signal }).await?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return self.close().await,
                },
                message = self.socket.recv() => match message {
                    // Whatever a reader says only shows that it is there.
                    Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return Err(Gone),
                    Some(Ok(_)) => heard = Instant::now(),
                },
                _ = pings.tick() => {
                    if heard.elapsed() > PING_EVERY * 3 {
                        return Err(Gone);
                    }
                    self.deliver(Message::Ping(Default::default())).await?;
                }
            }
        }
    }

    /// The first frame, and the position it leaves the reader at.
    async fn join(&mut self, resume: Resume, latest: u64) -> Result<u64, Gone> {
        let epoch = self.log.epoch().to_owned();
        let (frame, position) = match (resume.epoch, resume.since) {
            (None, None) => (Frame::Joined { epoch, seq: latest }, latest),
            (Some(known), Some(since)) if known == epoch && !matches!(self.log.after(since), After::Lost(_)) => {
                (Frame::Joined { epoch, seq: since }, since)
            }
            _ => (Frame::Reset { epoch, seq: latest }, latest),
        };
        self.send(&frame).await?;
        Ok(position)
    }

    async fn send_after(&mut self, position: u64) -> Result<u64, Gone> {
        match self.log.after(position) {
            After::Frames(frames, latest) => {
                for text in frames {
                    self.deliver(Message::text(&*text)).await?;
                }
                Ok(latest)
            }
            After::Lost(latest) => {
                self.send(&Frame::Reset {
                    epoch: self.log.epoch().to_owned(),
                    seq: latest,
                })
                .await?;
                Ok(latest)
            }
        }
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), Gone> {
        let text = serde_json::to_string(frame).expect("plain data with string keys");
        self.deliver(Message::text(text)).await
    }

    async fn deliver(&mut self, message: Message) -> Result<(), Gone> {
        match timeout(SEND_WITHIN, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    async fn close(mut self) -> Result<(), Gone> {
        self.send(&Frame::Signal { signal: Signal::Locked }).await?;
        self.deliver(Message::Close(Some(CloseFrame {
            code: close_code::NORMAL,
            reason: "locked".into(),
        })))
        .await
    }
}

/// How often a silent reader is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// A reader that does not take a frame for so long is dropped; it can resume.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Readers say nothing but pongs.
pub(crate) const MAX_INCOMING: usize = 4096;

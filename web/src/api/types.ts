/**
 * The shapes of the daemon's API as the app uses them. Identifiers are opaque; moments are Unix milliseconds.
 *
 * What is optional here may be missing from an older daemon; the app then hides what belongs to it.
 */

export type ProfileState = 'locked' | 'unlocked';

export interface Profile {
  id: string;
  name: string;
  state: ProfileState;
  createdAt: number;
  color?: string;
}

export interface DaemonStatus {
  version: string;
  startedAt: number;
  profiles: Profile[];
}

export interface Identity {
  /** Emoji derived from the key, so that impostors can be told apart. */
  emojiHash?: string[];
  /** Segments of the ring around the avatar: colour index and length. */
  colorHash?: [number, number][];
  color?: string;
  picture?: string;
  bio?: string;
  presence?: Presence;
}

export type Presence = 'online' | 'away' | 'offline';

export interface Account extends Identity {
  profile: string;
  name: string;
  key: string;
  keyHex: string;
  installation: string;
  /** Whether the recovery phrase was written down and confirmed. */
  phraseConfirmed?: boolean;
}

export type ContactState = 'stranger' | 'asked' | 'asking' | 'mutual' | 'declined' | 'blocked';
export type Trust = 'unknown' | 'trusted' | 'untrusted';

export interface Contact extends Identity {
  key: string;
  name: string;
  nickname?: string;
  displayName?: string;
  state: ContactState;
  note?: string;
  trust?: Trust;
  verified?: boolean;
  lastSeen?: number;
}

export type ChatKind = 'one-to-one' | 'public' | 'group' | 'community';

export interface Member {
  key: string;
  name: string;
  role: 'admin' | 'member';
  /** Invited and has not yet joined. */
  pending?: boolean;
  own?: boolean;
}

export interface Chat {
  id: string;
  kind: ChatKind;
  name: string;
  contact?: string;
  unread: number;
  mentions?: number;
  activeAt: number;
  lastMessage?: Message;
  /** Until when it is silent; 0 or absent: not. */
  mutedUntil?: number;
  color?: string;
  picture?: string;
  emoji?: string;
  members?: Member[];
  memberCount?: number;
  /** Whether we may write, and if not, why. */
  writable?: boolean;
  pinnedCount?: number;
  /** We were invited and have not answered. */
  invited?: boolean;
  left?: boolean;
}

export type MessageKind =
  | 'text' | 'emoji' | 'sticker' | 'image' | 'audio' | 'file' | 'contact-request' | 'system' | 'gap' | 'other';

export type Delivery = 'queued' | 'sent' | 'delivered' | 'failed';

export interface Quote {
  id: string;
  author?: string;
  authorName?: string;
  text?: string;
  kind?: MessageKind;
  deleted?: boolean;
}

export interface Reaction {
  emoji: string;
  count: number;
  own: boolean;
  names?: string[];
}

export interface Attachment {
  id: string;
  kind: 'image' | 'audio' | 'file';
  name?: string;
  mime: string;
  size: number;
  width?: number;
  height?: number;
  durationMs?: number;
  /** Amplitudes 0 to 1. */
  waveform?: number[];
  /** Path below the API, such as /v1/profiles/…/media/…; absent until it is here. */
  path?: string;
  thumbnailPath?: string;
  progress?: number;
}

export interface LinkPreview {
  url: string;
  title?: string;
  description?: string;
  site?: string;
  imagePath?: string;
}

export interface Message {
  id: string;
  chat: string;
  kind: MessageKind;
  author: string;
  authorName: string;
  own: boolean;
  text: string;
  sentAt: number;
  clock: number;
  delivery?: Delivery;
  replyTo?: Quote;
  read: boolean;
  editedAt?: number;
  deleted?: boolean;
  deletedBy?: string;
  pinned?: boolean;
  pinnedByName?: string;
  reactions?: Reaction[];
  attachments?: Attachment[];
  links?: LinkPreview[];
  mentions?: { key: string; name: string }[];
  /** It mentions us or answers us. */
  mentionsMe?: boolean;
  gap?: Gap;
}

export interface Gap {
  count?: number;
  state: 'searching' | 'recovered' | 'lost';
}

export interface Page<T> {
  items: T[];
  next?: string;
}

export type ActivityKind =
  | 'contact-request' | 'contact-accepted' | 'contact-removed' | 'mention' | 'reply'
  | 'group-invitation' | 'group-removed' | 'community' | 'device' | 'other';

export interface Activity {
  id: string;
  kind: ActivityKind;
  at: number;
  read: boolean;
  person?: string;
  personName?: string;
  chat?: string;
  chatName?: string;
  message?: string;
  text?: string;
  /** What was decided about a request. */
  answer?: 'pending' | 'accepted' | 'declined';
}

export type Mode = 'relay' | 'light';

export interface Settings {
  autoLockMinutes?: number;
  mode: Mode;
  shareMegabytes: number;
  shareHours: number;
  requestsFrom: 'everyone' | 'nobody';
  groupInvitationsFrom?: 'everyone' | 'contacts';
  linkPreviews?: 'ask' | 'always' | 'never';
  showPresence?: boolean;
  notificationPreview?: 'nothing' | 'name' | 'all';
}

export type Connectivity = 'offline' | 'limited' | 'online';

export interface Peer {
  peerId: string;
  address?: string;
  protocols: string[];
  latencyMs?: number;
  inMesh?: boolean;
}

export interface NodeStatus {
  mode: Mode;
  connectivity: Connectivity;
  peerId: string;
  addresses: string[];
  cluster: number;
  shards: number[];
  peers: Peer[];
  bytesIn: number;
  bytesOut: number;
  sharing?: { messages: number; bytes: number };
  clockAhead?: number;
  historyGaps: number;
  outbox: number;
  traffic?: { purpose: string; bytesIn: number; bytesOut: number }[];
  stores?: { peerId: string; retentionHours?: number }[];
  advice?: string[];
}

/** How a message travelled, exactly; see the daemon's document. */
export interface Trace {
  keptUntil?: number;
  envelopes: TraceEnvelope[];
  parts: TracePart[];
}

export interface TraceEnvelope {
  hash: string;
  pubsubTopic: string;
  contentTopic: string;
  /** Bytes that were sealed, after padding, and on the wire. */
  data: number;
  padded: number;
  wire: number;
  at: number;
  place: 'partitioned' | 'negotiated' | 'public' | 'community';
  /** Nodes that took it from us, and store nodes that said they hold it. */
  peers?: number;
  stores?: string[];
}

export interface TracePart {
  peer: string;
  name?: string;
  signed: number;
  synced: number;
  encrypted: number;
  at: number;
  keys: TraceKey[];
}

export interface TraceKey {
  installation?: string;
  scheme: 'ratchet' | 'founding' | 'dh' | 'clear';
  bundle?: string;
  chain?: string;
  n: number;
  acknowledgedAt?: number;
  state: { kind: 'gone'; next?: number } | { kind: 'present' } | { kind: 'in-pre-key'; until?: number } | { kind: 'identity' } | { kind: 'shared' };
}

export type Item =
  | { kind: 'message'; value: Message }
  | { kind: 'message-removed'; value: string }
  | { kind: 'chat-history'; value: string }
  | { kind: 'chat'; value: Chat }
  | { kind: 'chat-removed'; value: string }
  | { kind: 'contact'; value: Contact }
  | { kind: 'contact-removed'; value: string }
  | { kind: 'account'; value: Account }
  | { kind: 'settings'; value: Settings }
  | { kind: 'activity'; value: Activity }
  | { kind: 'activity-removed'; value: string };

export type Signal =
  | { kind: 'connectivity'; value: Connectivity }
  | { kind: 'history-gaps'; value: number }
  | { kind: 'clock-ahead'; value: number }
  | { kind: 'notification'; value: { title: string; body?: string; chat?: string } }
  | { kind: 'locked' };

export type Frame =
  | { type: 'joined'; epoch: string; seq: number }
  | { type: 'reset'; epoch: string; seq: number }
  | { type: 'event'; epoch: string; seq: number; items: Item[] }
  | { type: 'signal'; signal: Signal };

export interface ErrorBody {
  code: string;
  message: string;
}

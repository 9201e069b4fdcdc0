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
  /** A colour of the person's choice, 0 to 17; 0: none. */
  colour?: number;
  /** Path of the small picture; `large` in place of `thumbnail` gives the other. */
  picture?: string;
  bio?: string;
  links?: ProfileLink[];
}

export interface ProfileLink {
  label: string;
  url: string;
}

export interface Presence {
  state: 'online' | 'busy' | 'away';
  until?: number;
  text?: string;
}

export type PresenceChoice = 'off' | 'automatic' | 'do-not-disturb' | 'always-online' | 'inactive';

export interface Account extends Identity {
  profile: string;
  name: string;
  key: string;
  keyHex: string;
  installation: string;
  presence?: { presence: PresenceChoice; text?: string };
  /** What became of the recovery phrase on this device. */
  phrase?: 'kept' | 'confirmed' | 'gone';
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
  /** When we made sure who they are. */
  verifiedAt?: number;
  presence?: Presence;
  /** Our question to them, and theirs to us. */
  askedByUs?: Verification;
  askedByThem?: Verification;
}

/** A question that only one person can answer. */
export interface Verification {
  question: string;
  answer?: string;
  state: 'pending' | 'answered' | 'declined' | 'cancelled' | 'trusted' | 'untrusted';
  at: number;
}

/** A link that hands on a person, a community or a channel, and what it says. */
export interface Link {
  kind: 'person' | 'community' | 'channel' | 'group';
  link: string;
  plain: string;
  key: string;
  chat?: string;
  name?: string;
  description?: string;
  colour?: string;
  emoji?: string;
  members?: number;
  community?: string;
}

export interface SafetyNumber {
  digits: string;
  groups: string[];
  pictures: { emoji: string; name: string }[];
}

export type ChatKind = 'one-to-one' | 'public' | 'group' | 'community';

export interface Member {
  key: string;
  name: string;
  role: 'admin' | 'member';
  own?: boolean;
}

/** Somebody asks to be let into a group. */
export interface GroupRequest {
  group: string;
  person: string;
  personName: string;
  own?: boolean;
  /** Who is asked. */
  admin: string;
  introduction: string;
  state: 'asked' | 'rejected' | 'approved';
}

/** A private group with its members; its chat has the same id. */
export interface Group {
  id: string;
  name: string;
  colour?: string;
  picture?: string;
  standing: 'in' | 'invited' | 'out';
  /** Ourselves first. */
  members: Member[];
  inviter?: string;
  inviterName?: string;
  requests?: GroupRequest[];
}

/** Something that happened to a group, at its place in the chat. */
export interface GroupEvent {
  clock: number;
  author: string;
  authorName: string;
  kind: 'created' | 'renamed' | 'recoloured' | 'picture' | 'added' | 'removed' | 'left' | 'joined' | 'promoted' | 'stepped-down';
  text?: string;
  people?: string[];
}

/** How far a message of ours got to one member. */
export interface Receipt {
  person: string;
  personName: string;
  deliveredAt?: number;
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
  colour?: number | string;
  picture?: string;
  emoji?: string;
  memberCount?: number;
  /** What can be done in it as things stand. */
  can: ChatAbilities;
  /** What was begun and not sent. */
  draft?: SavedDraft;
  pinnedCount?: number;
  /** We left the group, or were put out. */
  left?: boolean;
}

/** What can be done in a chat; the daemon knows. */
export interface ChatAbilities {
  write?: boolean;
  pictures?: boolean;
  sounds?: boolean;
  files?: boolean;
  largeFiles?: boolean;
  pin?: boolean;
}

/** A name behind the sign @ in a text, and whose it is. */
export interface Named {
  name: string;
  key: string;
}

/** A text that was begun, as the daemon keeps it. */
export interface SavedDraft {
  text?: string;
  mentions?: Named[];
  replyTo?: string;
  edits?: string;
}

export type MessageKind =
  | 'text' | 'sticker' | 'image' | 'audio' | 'file' | 'bridge' | 'community' | 'contact-request' | 'system' | 'other';

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
  /** The id of the message that carries it. */
  id: string;
  kind: 'image' | 'audio' | 'file';
  name?: string;
  mime: string;
  size: number;
  width?: number;
  height?: number;
  durationMs?: number;
  /** Pictures with the same album belong together. */
  album?: string;
  albumSize?: number;
  /** Where its bytes are; absent until it is here. */
  path?: string;
  state?: 'offered' | 'moving' | 'complete' | 'cancelled' | 'failed';
  done?: number;
  total?: number;
  /** It goes from one device to the other: the other side sees our IP address. */
  direct?: boolean;
  trouble?: 'disk-full' | 'wrong' | 'unreachable' | 'gone';
}

/** A chat that takes room on this device, in bytes. */
export interface StoredChat {
  chat: string;
  name: string;
  messages: number;
  files: number;
}

export interface Upload {
  id: string;
  kind: Attachment['kind'];
  size: number;
}

/** A part of a text, as the daemon read its marks. */
export interface TextBlock {
  kind: 'paragraph' | 'quote' | 'code';
  language?: string;
  spans: TextSpan[];
}

export interface TextSpan {
  kind: 'text' | 'code' | 'link' | 'group' | 'mention' | 'channel';
  text: string;
  bold?: boolean;
  italic?: boolean;
  struck?: boolean;
  /** Who is mentioned; everybody, if absent. */
  key?: string;
}

/** A preview of a web page, as the author of the message made it; nothing is fetched. */
export interface LinkPreview {
  url: string;
  site: string;
  title?: string;
  description?: string;
  imagePath?: string;
}

/** A person, community or channel that a message hands on. Only the key is certain. */
export interface Card {
  to: Link;
  invitation?: boolean;
  imagePath?: string;
}

/** A preview that waits with the daemon, for some minutes, to be sent. */
export interface MadePreview extends LinkPreview {
  id: string;
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
  /** To how many members it went, and how many have it. */
  reach?: { members: number; delivered: number };
  replyTo?: Quote;
  read: boolean;
  editedAt?: number;
  deleted?: boolean;
  deletedBy?: string;
  pinned?: boolean;
  pinnedByName?: string;
  reactions?: Reaction[];
  /** What the author did, if this is a line about the chat. */
  happening?: 'pinned';
  attachments?: Attachment[];
  links?: LinkPreview[];
  cards?: Card[];
  /** Who said it in another network; the author is then who brought it. */
  brought?: { network: string; author: string };
  sticker?: { pack: number; hash: string };
  /** The text to begin an edit with, if it names people. */
  written?: { text: string; mentions?: Named[] };
  /** What the text looks like; absent: as it reads. */
  blocks?: TextBlock[];
  /** One to three emoji and nothing else. */
  emojiOnly?: boolean;
  /** It mentions us or answers us. */
  mentionsMe?: boolean;
  /** It came long after it was sent, into the middle of the chat. */
  late?: boolean;
}

/** Messages that are known to exist and are not here. They stand right before the place `clock`. */
export interface Gap {
  before: string;
  clock: number;
  count: number;
  state: 'searching' | 'gone' | 'given-up';
}

/** Which messages to look for. */
export interface Wanted {
  text: string;
  chat?: string;
  person?: string;
  since?: number;
  until?: number;
  kinds?: string;
  /** The `next` of an earlier answer. */
  before?: string;
}

export interface MessagePage extends Page<Message> {
  /** Where to go on with what is newer; absent at the newest, and where older ones were asked for. */
  newer?: string;
  gaps?: Gap[];
}

export interface Page<T> {
  items: T[];
  next?: string;
}

export type ActivityKind =
  | 'contact-request' | 'contact-accepted' | 'contact-removed' | 'verification' | 'mention' | 'reply' | 'new-chat'
  | 'group-invitation' | 'group-change' | 'group-join-request' | 'group-join-answer' | 'community-invitation' | 'community-request'
  | 'community-join-request' | 'community-kicked' | 'community-banned' | 'community-unbanned' | 'new-device' | 'device-paired' | 'file';

export interface Activity {
  id: string;
  kind: ActivityKind;
  at: number;
  read: boolean;
  answer?: 'pending' | 'accepted' | 'dismissed' | 'over';
  person?: string;
  personName?: string;
  chat?: string;
  chatName?: string;
  message?: Message;
  community?: string;
  detail?: string;
}

export type Mode = 'relay' | 'light';
export type Audience = 'everyone' | 'contacts' | 'nobody';
export type Loudness = 'off' | 'quiet' | 'alert';

export interface Notifications {
  doNotDisturb: boolean;
  preview: 'nothing' | 'name' | 'all';
  oneToOne: Loudness;
  group: Loudness;
  mention: Loudness;
  everyone: Loudness;
  other: Loudness;
  requests: Loudness;
  events: Loudness;
}

/** What was chosen about the notifications of one chat; what is absent is as for all. */
export interface ChatNotifications {
  mention?: Loudness;
  everyone?: Loudness;
  other?: Loudness;
}

export type AutoBackup = 'off' | 'without-messages' | 'with-messages';

export interface BackupFile {
  name: string;
  madeAt: number;
  size: number;
  automatic: boolean;
}

/** The making or restoring of a backup. */
export interface BackupJob {
  number: number;
  doing: 'create' | 'restore';
  state: 'running' | 'done' | 'failed';
  done: number;
  /** Roughly; 0 if not known. */
  total: number;
  file?: string;
  restored?: { contacts: number; chats: number; messages: number };
  error?: ErrorBody;
}

export interface Backups {
  folder: string;
  /** The latest first. */
  files: BackupFile[];
  job?: BackupJob;
}

export interface Settings {
  autoLockMinutes?: number;
  mode: Mode;
  shareMegabytes: number;
  shareHours: number;
  requestsFrom?: 'everyone' | 'group-members' | 'nobody';
  groupInvitationsFrom?: 'everyone' | 'contacts';
  profileFor?: Audience;
  pictureFor?: Audience;
  picturesOf?: 'contacts' | 'nobody';
  autoBackup?: AutoBackup;
  linkPreviews?: 'ask' | 'always' | 'never';
  directFiles?: boolean;
  notifications?: Partial<Notifications>;
}

/** Something to show at once; it says no more than may be said. */
export interface Notification {
  sound: boolean;
  messages: number;
  event?: ActivityKind;
  title?: string;
  body?: string;
  chat?: string;
  entry?: string;
}

export type Connectivity = 'offline' | 'limited' | 'online';

export interface Peer {
  peerId: string;
  address?: string;
  protocols: string[];
  agent?: string;
  transport?: 'tcp' | 'websocket' | 'secure-websocket' | 'quic' | 'relayed' | 'other';
  /** Whether we called it. */
  outbound?: boolean;
  since?: number;
  latencyMs?: number;
  inMesh?: boolean;
}

export interface Traffic {
  purpose: 'own' | 'others' | 'store' | 'filter' | 'light-push' | 'nodes';
  bytesIn: number;
  bytesOut: number;
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
  traffic?: Traffic[];
  /** Neighbours by whom gossip comes and goes, topic by topic. */
  mesh?: { topic: string; peers: string[] }[];
  /** The store nodes we ask for what we missed. */
  asked?: string[];
  /** Addresses of nodes that the person added. */
  added?: string[];
}

/** How a message travelled: facts of this device. */
export interface Trace {
  message: string;
  own: boolean;
  /** Bytes of its text. */
  text: number;
  keptUntil?: number;
  /** One for each person and each attempt. */
  parcels: TraceParcel[];
}

export type TracePlace = 'partitioned' | 'negotiated' | 'public';

export interface TraceParcel {
  person?: string;
  name?: string;
  at: number;
  signed: number;
  synced: number;
  encrypted: number;
  place: TracePlace;
  pubsubTopic: string;
  contentTopic: string;
  segments: number;
  answeredAt?: number;
  keys: TraceKey[];
  envelopes: TraceEnvelope[];
}

export interface TraceKey {
  installation?: string;
  scheme: 'ratchet' | 'founding' | 'identity' | 'clear';
  chain?: string;
  number?: number;
  acknowledgedAt?: number;
  fate: 'erased' | 'in-pre-key' | 'in-identity' | 'shared';
  until?: number;
}

export interface TraceEnvelope {
  hash: string;
  segment: number;
  parity?: boolean;
  /** Bytes that were sealed; with signature and padding; sealed; and of the whole. */
  data: number;
  padded: number;
  sealed: number;
  wire: number;
  outcome: 'came' | 'taken' | 'not-taken' | 'too-large';
  at: number;
  /** How many nodes took it from us. */
  peers?: number;
  seen: TraceSighting[];
  fields: TraceField[];
}

export interface TraceSighting {
  way: 'handed' | 'relay' | 'filter' | 'store';
  peer?: string;
  at: number;
}

export interface TraceField {
  name: string;
  bytes: number;
  value?: string;
}

export type Item =
  | { kind: 'message'; value: Message }
  | { kind: 'message-removed'; value: string }
  | { kind: 'chat-history'; value: string }
  | { kind: 'chat'; value: Chat }
  | { kind: 'chat-removed'; value: string }
  | { kind: 'group'; value: Group }
  | { kind: 'contact'; value: Contact }
  | { kind: 'contact-removed'; value: string }
  | { kind: 'account'; value: Account }
  | { kind: 'settings'; value: Settings }
  | { kind: 'activity'; value: Activity }
  | { kind: 'activity-removed'; value: string }
  | { kind: 'activity-unread'; value: number };

export type Signal =
  | { kind: 'connectivity'; value: Connectivity }
  | { kind: 'history-gaps'; value: number }
  | { kind: 'clock-ahead'; value: number }
  | { kind: 'notification'; value: Notification }
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

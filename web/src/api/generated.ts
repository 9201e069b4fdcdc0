// Made from the API's description (docs/api/openapi.json). Do not edit; run
//   UNDERTONE_WRITE=1 cargo test --package undertone-daemon --test api openapi

/** A request was carried out and has nothing more to say. */
export type Accepted = Record<string, never>;

/** The account inside an unlocked profile. */
export interface Account {
  /** What we say of ourselves. */
  bio?: string;
  /** Our colour, 0 to 17. */
  colour?: number;
  /** This installation among the account's devices (a UUID). */
  installation: string;
  /** The chat key in the short form that people exchange (`zQ3…`). */
  key: string;
  /** The same key in hexadecimal (`0x04…`), as older clients show it. */
  keyHex: string;
  /** The links we show. */
  links?: ProfileLink[];
  /** Display name, as contacts see it. */
  name: string;
  /** What became of the recovery phrase on this device. */
  phrase: PhraseState;
  /** Our picture: the path of the small one; `large` in place of `thumbnail` gives the other. */
  picture?: string;
  /** What we tell of being there. */
  presence?: SetPresence;
  /** The profile that holds it. */
  profile: string;
}

/** Something that happened and is worth a look. */
export interface Activity {
  /** Whether it waits for an answer, and what that was; absent: it only tells. */
  answer?: ActivityAnswer;
  /** When it happened (Unix milliseconds); lists are sorted by this, latest first. */
  at: number;
  /** The chat it happened in. */
  chat?: string;
  /** What that chat is called, if it is known. */
  chatName?: string;
  /** The community it is about. */
  community?: string;
  /** What else is to be shown, as people wrote it. */
  detail?: string;
  /** Names the entry in paths. */
  id: string;
  /** What happened. */
  kind: ActivityKind;
  /** The message that says it, if it is here. */
  message?: Message;
  /** The chat key of the person who did it (`zQ3…`). */
  person?: string;
  /** What to call them. */
  personName?: string;
  /** Whether it was marked as read. */
  read: boolean;
}

/** The answer to an entry. */
export type ActivityAnswer = 'pending' | 'accepted' | 'dismissed' | 'over';

/** What happened. */
export type ActivityKind = 'contact-request' | 'contact-accepted' | 'contact-removed' | 'verification' | 'mention' | 'reply' | 'new-chat' | 'group-invitation' | 'group-change' | 'group-join-request' | 'group-join-answer' | 'community-invitation' | 'community-request' | 'community-join-request' | 'community-kicked' | 'community-banned' | 'community-unbanned' | 'new-device' | 'device-paired' | 'file';

/** Entries, the latest first. */
export interface ActivityPage {
  /** The entries. */
  items: Activity[];
  /** Give this as `before` to get the next page; absent on the last one. */
  next?: string;
  /** How many entries were not read, in all. */
  unread: number;
}

/** Lets people into a group. They see what is written from now on. */
export interface AddMembers {
  /** Their chat keys: contacts. */
  members: string[];
}

/** A node to connect to, now and at every unlocking. */
export interface AddNode {
  /** Its multiaddress, which ends in `/p2p/` and its peer id. */
  address: string;
}

/** Asks to be let into a group. */
export interface AskToJoin {
  /** Who is asked, by chat key: a contact who is in it. */
  admin: string;
  /** The group's id. */
  group: string;
  /** What they read with it, 1 to 280 characters. */
  introduction: string;
}

/** What a message carries besides its text. */
export interface Attachment {
  /** Pictures with the same album belong together. */
  album?: string;
  /** How many pictures the album has. */
  albumSize?: number;
  /** Whether it goes directly from one device to the other: files above 5 MB, if the settings allow it. */
  direct?: boolean;
  /** How much of it is done, in parts. */
  done?: number;
  /** A sound's length in milliseconds. */
  durationMs?: number;
  /** A picture's height in pixels, as the author says. */
  height?: number;
  /** Names it: the id of the message that carries it. */
  id: string;
  /** What it is. */
  kind: AttachmentKind;
  /** Its media type; a file's is what the author claims. */
  mime: string;
  /** A file's name, made harmless. */
  name?: string;
  /** Where its bytes are, below the API's address; absent until it is here. */
  path?: string;
  /** Its length in bytes. */
  size: number;
  /** How far it is. */
  state: AttachmentState;
  /** How many parts it has. */
  total?: number;
  /** Why it does not come. */
  trouble?: FileTrouble;
  /** A picture's width in pixels, as the author says. */
  width?: number;
}

/** What an attachment is. */
export type AttachmentKind = 'image' | 'audio' | 'file';

/** How far an attachment is. */
export type AttachmentState = 'offered' | 'moving' | 'complete' | 'cancelled' | 'failed';

/** For whom something is. */
export type Audience = 'everyone' | 'contacts' | 'nobody';

/** Whether backups are made by themselves, once a day. */
export type AutoBackup = 'off' | 'without-messages' | 'with-messages';

/** What is done with a backup. */
export type BackupDoing = 'create' | 'restore';

/** One backup. */
export interface BackupFile {
  /** Whether it was made by itself; only the latest seven of those are kept. */
  automatic: boolean;
  /** When it was made, in Unix milliseconds. */
  madeAt: number;
  /** Its name in the folder. */
  name: string;
  /** Bytes. */
  size: number;
}

/** The making or restoring of a backup. */
export interface BackupJob {
  /** What is done. */
  doing: BackupDoing;
  /** So many entries (people, chats, messages) are done. */
  done: number;
  /** Why it failed. */
  error?: ErrorBody;
  /** The backup that was made. */
  file?: string;
  /** Counts the jobs since the profile was unlocked. */
  number: number;
  /** What was restored. */
  restored?: Restored;
  /** How it stands. */
  state: BackupState;
  /** Of so many, roughly; 0 if that is not known. */
  total: number;
}

/** How a job stands. */
export type BackupState = 'running' | 'done' | 'failed';

/** The backups of a profile on this device. */
export interface Backups {
  /** The latest first. */
  files: BackupFile[];
  /** Where they are. Copies elsewhere survive this device. */
  folder: string;
  /** What is being done, or was done last since the profile was unlocked. */
  job?: BackupJob;
}

/** Who said something in another network, from which it was brought. */
export interface Brought {
  /** What its author is called there. */
  author: string;
  /** The network. */
  network: string;
}

/** A person, community or channel that a message hands on. */
export interface Card {
  /** Where a picture is, below the API's address; made anew by the daemon. */
  imagePath?: string;
  /** Whether the message invites to the community, with the community's own, signed description. */
  invitation?: boolean;
  /** Where it leads, and what is said about it. Only the key is certain. */
  to: Link;
}

/** Changes what a group is called or how it looks; what is absent stays. */
export interface ChangeGroup {
  /** `#` and six hexadecimal digits. */
  colour?: string;
  /** 1 to 30 characters that can be shown. */
  name?: string;
}

/** Replaces the password and the key it protects. */
export interface ChangePassword {
  /** The new one, at least 10 characters. */
  new: Secret;
  /** The present password. */
  old: Secret;
}

/** A conversation. */
export interface Chat {
  /** When something last happened in it (Unix milliseconds); lists are sorted by this, latest first. */
  activeAt: number;
  /** What can be done in it as things stand. */
  can: ChatAbilities;
  /** The colour of a group, `#` and six hexadecimal digits. */
  colour?: string;
  /** The other person's chat key (`zQ3…`), in a one-to-one chat. */
  contact?: string;
  /** A text that was begun and not sent. */
  draft?: Draft;
  /** Names the chat in paths. */
  id: string;
  /** What kind of conversation it is. */
  kind: ChatKind;
  /** The latest message. */
  lastMessage?: Message;
  /** Whether we left the group, or were put out; what was said before stays readable. */
  left?: boolean;
  /** How many members a group has, ourselves included. */
  memberCount?: number;
  /** How many of those are meant for us in particular. */
  mentions?: number;
  /** Until when it makes no noise (Unix milliseconds); absent or past: it does. 9007199254740991, the last whole number that every program reads exactly, stands for "until it is switched on again". */
  mutedUntil?: number;
  /** What to call it: the person's name for a one-to-one chat. */
  name: string;
  /** Where the picture of a group is; another picture has another path. */
  picture?: string;
  /** How many messages are pinned in it. */
  pinnedCount?: number;
  /** Messages of others that were not marked read. */
  unread: number;
}

/** What can be done in a chat. Whatever is not said cannot. */
export interface ChatAbilities {
  /** Sending files of any kind, up to 5 MB. */
  files?: boolean;
  /** Sending larger files. */
  largeFiles?: boolean;
  /** Sending pictures. */
  pictures?: boolean;
  /** Pinning messages. */
  pin?: boolean;
  /** Sending sounds. */
  sounds?: boolean;
  /** Saying something. */
  write?: boolean;
}

/** What kind of conversation a chat is. */
export type ChatKind = 'one-to-one' | 'public' | 'group' | 'community';

/** What was chosen for one chat; what is absent is as for all. */
export interface ChatNotifications {
  /** Messages that name everybody. */
  everyone?: Loudness;
  /** Messages that name us or answer us. */
  mention?: Loudness;
  /** All other messages. */
  other?: Loudness;
}

/** What a chat takes on this device, in bytes. */
export interface ChatStorage {
  /** Files. */
  files: number;
  /** Texts, pictures and sounds. */
  messages: number;
}

/** Gives two words of the recovery phrase back. */
export interface ConfirmPhrase {
  /** In the order of the places. */
  words: Secret[];
}

/** Whether messages can travel. */
export type Connectivity = 'offline' | 'limited' | 'online';

/** A person we know of. */
export interface Contact {
  /** The newest question of theirs to us. */
  askedByThem?: Verification;
  /** The newest question of ours to them. */
  askedByUs?: Verification;
  /** What they say of themselves. */
  bio?: string;
  /** Their colour, 0 to 17. */
  colour?: number;
  /** The name they gave themselves; anybody may claim any name. */
  displayName?: string;
  /** Their chat key in the short form (`zQ3…`). */
  key: string;
  /** The links they show. */
  links?: ProfileLink[];
  /** What to call them: our nickname for them, else their display name, else a shortened key. */
  name: string;
  /** Our own name for them, unknown to them. */
  nickname?: string;
  /** The note of the contact request that is open in either direction. */
  note?: string;
  /** Their picture: the path of the small one; `large` in place of `thumbnail` gives the other. */
  picture?: string;
  /** Whether they are there, if they tell it. */
  presence?: Presence;
  /** How we stand. */
  state: ContactState;
  /** What we think of them. */
  trust?: Trust;
  /** When we made sure who they are (Unix milliseconds). */
  verifiedAt?: number;
}

/** Asks a person to become a contact. */
export interface ContactRequest {
  /** Their chat key: `zQ3…` or `0x04…`. */
  key: string;
  /** What they read with the request, 1 to 280 characters. */
  note: string;
}

/** How we and a person stand. */
export type ContactState = 'stranger' | 'asked' | 'asking' | 'mutual' | 'declined' | 'blocked';

/** Makes a backup now. */
export interface CreateBackup {
  /** With messages. */
  messages: boolean;
}

/** Founds a group. */
export interface CreateGroup {
  /** `#` and six hexadecimal digits; a usual one if absent. */
  colour?: string;
  /** Who is let in, by chat key: contacts, at most 49. */
  members?: string[];
  /** 1 to 30 characters that can be shown. */
  name: string;
}

/** Makes a profile with new keys. */
export interface CreateProfile {
  /** Display name, 5 to 24 characters, as contacts will see it. */
  name: string;
  /** At least 10 characters. */
  password: Secret;
  /** Unlock it at once. Default: true. */
  unlock?: boolean;
}

/** A message was taken over. It is on disk; the events say how far it gets. */
export interface Created {
  /** The message's id. */
  messageId: string;
}

/** The daemon as a whole. */
export interface DaemonStatus {
  /** The profiles of its data directory. */
  profiles: Profile[];
  /** When it started (Unix milliseconds). */
  startedAt: number;
  /** The program's version. */
  version: string;
}

/** For whom a message is deleted. */
export type DeleteFor = 'everyone' | 'me';

/** How far an own message got. A state is shown only on evidence. */
export type Delivery = 'queued' | 'sent' | 'delivered' | 'failed';

/** Changes what our profile says; what is absent stays. */
export interface DescribeProfile {
  /** At most 240 characters; empty takes it away. */
  bio?: string;
  /** 0 to 17: primary, purple, indigo, turquoise, blue, green, yellow, orange, red, flamingo, brown, sky, army, magenta, copper, camel, yin yang, beige. */
  colour?: number;
  /** At most 20, in their order. */
  links?: ProfileLink[];
}

/** A text that was begun and not sent. It stays on this device. */
export interface Draft {
  /** The id of the message of ours whose text it replaces. */
  edits?: string;
  /** Who is meant by the names in the text. */
  mentions?: Named[];
  /** The id of the message that it answers. */
  replyTo?: string;
  /** The text as its author reads it, at most 16384 characters. */
  text?: string;
}

/** Gives a message of ours another text. */
export interface EditText {
  /** Who is meant by the names behind the sign `@` in it. A key behind the sign needs no name. */
  mentions?: Named[];
  /** 1 to 4096 characters. */
  text: string;
}

/** What every answer other than success carries. */
export interface ErrorBody {
  /** Stable, for programs: see [`code`]. Codes of refused commands (such as `message_too_long`) come from the messenger and are passed on as they are. */
  code: string;
  /** One sentence for a person, saying what to do. */
  message: string;
}

/** What one commit changed. */
export interface Event {
  /** The daemon's run: changes whenever the profile is unlocked anew. */
  epoch: string;
  /** Every thing that the commit touched, as it is now. */
  items: Item[];
  /** Counts from 1 without gaps within an epoch. */
  seq: number;
}

/** Asks for the recovery phrase; the password is asked for again. */
export interface ExportPhrase {
  /** The profile's password. */
  password: Secret;
}

/** Why a file does not come. */
export type FileTrouble = 'disk-full' | 'wrong' | 'unreachable' | 'gone';

/** One text frame of the event stream. */
export type Frame = {
  /** The daemon's run. */
  epoch: string;
  /** The last event before those that follow. */
  seq: number;
  type: 'joined';
} | {
  /** The daemon's run. */
  epoch: string;
  /** The last event before those that follow. */
  seq: number;
  type: 'reset';
} | Event & {
  type: 'event';
} | {
  /** What happened. */
  signal: Signal;
  type: 'signal';
};

/** Messages that are known to exist and are not here. */
export interface Gap {
  /** How often others were asked. */
  asked: number;
  /** The message that tells of them; the gap stands right before its place. It may be one that is not shown, such as an edit. */
  before: string;
  /** The place of that message, comparable with that of the others. */
  clock: number;
  /** How many are missing. */
  count: number;
  /** Since when this is known (Unix milliseconds). */
  since: number;
  /** What is being done. */
  state: GapState;
}

/** What is being done about missing messages. */
export type GapState = 'searching' | 'gone' | 'given-up';

/** A private group, as it is now. Only its members know that it exists. */
export interface Group {
  /** Its colour, `#` and six hexadecimal digits; absent if it has none that can be shown. */
  colour?: string;
  /** Names the group in paths; it is also the id of its chat. */
  id: string;
  /** Who let us in, by chat key. */
  inviter?: string;
  /** What to call them. */
  inviterName?: string;
  /** Who is in it, ourselves first, then by name. */
  members: GroupMember[];
  /** Its name, 1 to 30 characters, as it may be shown. */
  name: string;
  /** Where its picture is; another picture has another path. */
  picture?: string;
  /** Who asks to be let in. */
  requests?: GroupRequest[];
  /** How we stand to it. */
  standing: GroupStanding;
}

/** One thing that happened to a group. */
export interface GroupEvent {
  /** Who did it, by chat key, proved by a signature. */
  author: string;
  /** What to call them. */
  authorName: string;
  /** Position in the chat, beside the clocks of messages. */
  clock: number;
  /** What they did. */
  kind: GroupEventKind;
  /** What to call those whom it is about. */
  people?: string[];
  /** The new name or colour. */
  text?: string;
}

/** What can happen to a group. */
export type GroupEventKind = 'created' | 'renamed' | 'recoloured' | 'picture' | 'added' | 'removed' | 'left' | 'joined' | 'promoted' | 'stepped-down';

/** Somebody in a group. */
export interface GroupMember {
  /** Their chat key. */
  key: string;
  /** What to call them. */
  name: string;
  /** Whether it is us. */
  own?: boolean;
  /** What they may do. */
  role: GroupRole;
}

/** Somebody asks to be let into a group. */
export interface GroupRequest {
  /** Who is asked, by chat key. */
  admin: string;
  /** When it last moved (Unix milliseconds). */
  at: number;
  /** The group. */
  group: string;
  /** What was written with it. */
  introduction: string;
  /** Whether it is us. */
  own?: boolean;
  /** Who asks, by chat key. */
  person: string;
  /** What to call them. */
  personName: string;
  /** Where it stands. */
  state: GroupRequestState;
}

/** Where a request to be let in stands. */
export type GroupRequestState = 'asked' | 'rejected' | 'approved';

/** What somebody may do in a group. All members may write, let people in, and change name, colour and picture. */
export type GroupRole = 'admin' | 'member';

/** How we stand to a group. */
export type GroupStanding = 'in' | 'invited' | 'out';

/** What a line about the chat tells. */
export type Happening = 'pinned';

/** A page asks the daemon to prove itself. */
export interface Hello {
  /** 32 random bytes in hexadecimal digits. */
  nonce: string;
}

/** A browser may come in now. */
export interface Invitation {
  /** Where the app is, or the chat in it; a page there takes the code by hand. */
  address: string;
  /** Works once, and for a minute. */
  code: Secret;
  /** When it stops working (Unix milliseconds). */
  expiresAt: number;
  /** A page that only the owner of the data directory can read. Opened in a browser, it hands over the code. */
  file: string;
}

/** Whose groups we may be put into. */
export type InvitationsFrom = 'contacts' | 'everyone';

/** One thing that changed. */
export type Item = {
  kind: 'message';
  /** A message is new or changed. */
  value: Message;
} | {
  kind: 'message-removed';
  /** The message with this id is gone. */
  value: string;
} | {
  kind: 'chat-history';
  /** So many messages of the chat with this id changed at once (history arrived) that they are not listed: reload the window that is shown. */
  value: string;
} | {
  kind: 'chat';
  /** A chat is new or changed. */
  value: Chat;
} | {
  kind: 'chat-removed';
  /** The chat with this id is gone. */
  value: string;
} | {
  kind: 'group';
  /** A private group is new or changed. */
  value: Group;
} | {
  kind: 'contact';
  /** A contact is new or changed. */
  value: Contact;
} | {
  kind: 'contact-removed';
  /** The contact with this key is gone. */
  value: string;
} | {
  kind: 'activity';
  /** An entry of the activity centre is new or changed. */
  value: Activity;
} | {
  kind: 'activity-removed';
  /** The entry of the activity centre with this id is gone. */
  value: string;
} | {
  kind: 'activity-unread';
  /** So many entries of the activity centre were not read. */
  value: number;
} | {
  kind: 'account';
  /** Our own account changed. */
  value: Account;
} | {
  kind: 'settings';
  /** The profile's settings changed. */
  value: Settings;
};

/** Enters a public chat. */
export interface JoinPublic {
  /** Its name: 1 to 100 small letters, digits and minus signs. Capitals and a sign `#` before it are forgiven. */
  name: string;
}

/** A link, and where it leads. What it says beside the key is the claim of whoever made it. */
export interface Link {
  /** The chat it leads to; absent for communities. */
  chat?: string;
  /** `#RRGGBB`. */
  colour?: string;
  /** The name of the channel's community. */
  community?: string;
  /** What it says about the person, community or channel. */
  description?: string;
  /** The emoji of a channel. */
  emoji?: string;
  /** The person's chat key, or the community's; of a group, that of the member who is to be asked. */
  key: string;
  /** What it leads to. */
  kind: LinkKind;
  /** The link with everything it says. */
  link: string;
  /** How many members the community had when the link was made. */
  members?: number;
  /** The name it gives; anybody may claim any name. */
  name?: string;
  /** The shortest form, with the key alone. */
  plain: string;
}

/** What a link leads to. */
export type LinkKind = 'person' | 'community' | 'channel' | 'group';

/** What a message says of a page that its text links to. */
export interface LinkPreview {
  /** A few sentences. */
  description?: string;
  /** Where a small picture is, below the API's address. */
  imagePath?: string;
  /** Whose page it is: the host of the address, in letters that tell look-alikes apart. */
  site: string;
  /** Its title. */
  title?: string;
  /** The page's address, as it stands in the text. */
  url: string;
}

/** Whether previews are made of links that we send. Making one asks the page, from our address. */
export type LinkPreviews = 'ask' | 'always' | 'never';

/** How loudly one kind of thing is told. */
export type Loudness = 'off' | 'quiet' | 'alert';

/** A preview that was made. It waits for some minutes to be sent, in memory only. */
export type MadePreview = LinkPreview & {
  /** Names it in the request that sends it. */
  id: string;
};

/** Makes a preview: asks the page, from this computer's address. */
export interface MakePreview {
  /** The page's address: `http` or `https`. */
  url: string;
}

/** The gossip of one topic. */
export interface MeshTopic {
  /** The neighbours, by their peer ids. */
  peers: string[];
  /** The pubsub topic. */
  topic: string;
}

/** A message in a chat. */
export interface Message {
  /** A picture, a sound or a file. */
  attachments?: Attachment[];
  /** Its author's chat key (`zQ3…`), proved by a signature. */
  author: string;
  /** What to call the author. */
  authorName: string;
  /** What the text looks like; absent: as it reads. */
  blocks?: TextBlock[];
  /** Who said it in another network; the author is then who brought it. */
  brought?: Brought;
  /** People, communities and channels that it hands on. */
  cards?: Card[];
  /** The chat it stands in. */
  chat: string;
  /** Position in the chat: messages are ordered by this, then by id. */
  clock: number;
  /** Whether it was deleted for everyone: there is nothing left of it but its place. */
  deleted?: boolean;
  /** Who deleted it (`zQ3…`), if not its author. */
  deletedBy?: string;
  /** How far an own message got; absent on messages of others. */
  delivery?: Delivery;
  /** When its author last gave it another text (Unix milliseconds); absent if never. */
  editedAt?: number;
  /** Whether the text is one to three emoji and nothing else, to be shown large. */
  emojiOnly?: boolean;
  /** What the author did, if this is a line about the chat; `text` says it in English. */
  happening?: Happening;
  /** The message's id (`0x…`), the same on every device of everyone. */
  id: string;
  /** What it is. */
  kind: MessageKind;
  /** Whether it came more than a minute after it was sent, into the middle of the chat. */
  late?: boolean;
  /** Previews of links in the text. What they say is the author's claim; making them asked the page from the author's address, showing them asks nobody. */
  links?: LinkPreview[];
  /** Whether it is for us in particular: it names us or everybody, or answers us. */
  mentionsMe?: boolean;
  /** Whether we wrote it. */
  own: boolean;
  /** Whether it is pinned to its chat. */
  pinned?: boolean;
  /** What to call whoever pinned it. */
  pinnedByName?: string;
  /** How far an own message in a group got; absent on all others. */
  reach?: Reach;
  /** The emoji on it, the one that came first first; at most twenty. */
  reactions?: Reaction[];
  /** Whether we have marked it read. */
  read: boolean;
  /** The message this one answers. */
  replyTo?: Quote;
  /** When the author says it was written (Unix milliseconds). */
  sentAt: number;
  /** The sticker that it is. */
  sticker?: Sticker;
  /** The text, as its author wrote it. */
  text: string;
  /** The text to begin an edit with, if it is ours and names people; absent: `text`. */
  written?: Written;
}

/** What a message is. */
export type MessageKind = 'text' | 'image' | 'audio' | 'file' | 'sticker' | 'bridge' | 'community' | 'contact-request' | 'system' | 'other';

/** A part of a chat's messages, with the gaps that stand among them. */
export interface MessagePage {
  /** Messages that are known to exist and are not here, the latest place first. */
  gaps?: Gap[];
  /** The messages, the latest first. */
  items: Message[];
  /** Give this as `after` to get the part that is newer; absent if there is none, and where older ones were asked for. */
  newer?: string;
  /** Give this as `before` to get the next part; absent at the end. */
  next?: string;
}

/** How the node takes part in the network. */
export type Mode = 'relay' | 'light';

/** For how long a chat makes no noise. */
export type Mute = 'off' | {
  /** For so many minutes from now. */
  minutes: number;
} | 'forever';

/** Makes a chat silent, or ends that. */
export interface MuteChat {
  /** For how long. */
  mute: Mute;
}

/** A name behind the sign `@` in a text, and who is meant by it. */
export interface Named {
  /** Their chat key. */
  key: string;
  /** The name, as it stands in the text. */
  name: string;
}

/** Names a person for ourselves. */
export interface Nickname {
  /** At most 24 characters; empty takes the nickname away. */
  nickname: string;
}

/** The network node of an unlocked profile. */
export interface NodeStatus {
  /** Addresses of nodes that the person added; we connect to them at every unlocking. */
  added?: string[];
  /** Addresses at which other nodes can reach us (multiaddresses that end in our peer id). */
  addresses: string[];
  /** The store nodes that we ask for what we missed, two at most, by their peer ids. */
  asked: string[];
  /** Bytes received since start. */
  bytesIn: number;
  /** Bytes sent since start. */
  bytesOut: number;
  /** How far our clock seems to be ahead of the others' (milliseconds, negative when behind); absent until enough was heard. */
  clockAhead?: number;
  /** The network's cluster. */
  cluster: number;
  /** Whether messages can travel now. */
  connectivity: Connectivity;
  /** Topics whose history is not complete yet. */
  historyGaps: number;
  /** Neighbours by whom gossip comes and goes, topic by topic. */
  mesh: MeshTopic[];
  /** Relay or light. */
  mode: Mode;
  /** Messages waiting to be handed to the network. */
  outbox: number;
  /** Our libp2p peer id. */
  peerId: string;
  /** Nodes we are connected to. */
  peers: Peer[];
  /** The shards we take part in. */
  shards: number[];
  /** What we keep for others, in relay mode. */
  sharing?: Sharing;
  /** What these bytes were for. Together they are all of them. */
  traffic: Traffic[];
}

/** Something to show at once. It holds no more than the person allowed to be shown. */
export interface Notification {
  /** What it says, if that may be said. */
  body?: string;
  /** The chat to open. */
  chat?: string;
  /** The entry of the activity centre to open. */
  entry?: string;
  /** What happened, if it is about the activity centre. */
  event?: ActivityKind;
  /** How many messages it stands for; 0: it is about the activity centre. */
  messages: number;
  /** Whether with a sound. */
  sound: boolean;
  /** From whom or where, if that may be said. */
  title?: string;
}

/** How much a notification says. */
export type NotificationPreview = 'nothing' | 'name' | 'all';

/** What was chosen about notifications for everything. */
export interface Notifications {
  /** Show nothing, count everything. */
  doNotDisturb?: boolean;
  /** The rest of the activity centre. */
  events?: Loudness;
  /** Messages that name everybody in a chat. */
  everyone?: Loudness;
  /** Messages in private groups. */
  group?: Loudness;
  /** Messages that name us or answer us. */
  mention?: Loudness;
  /** Messages in one-to-one chats. */
  oneToOne?: Loudness;
  /** Other messages: in public chats and communities. */
  other?: Loudness;
  /** How much is said. Default: nothing. */
  preview?: NotificationPreview;
  /** Contact requests, and proofs of identity. */
  requests?: Loudness;
}

/** Asks for a code for a browser. */
export interface OpenBrowser {
  /** The chat to show first; the list of chats, when nothing is named or no such chat is there. */
  chat?: string;
  /** The origin of a development server on this computer that shows the page instead of the daemon, such as `http://127.0.0.1:5173`. */
  page?: string;
}

/** The key of a browser's session, for a page that was loaded again and knows only its secret of this run. */
export interface PageKey {
  /** 32 bytes in hexadecimal digits. To be kept in memory only. */
  key: Secret;
}

/** A part of a list. */
export interface PageChat {
  /** The items, in the list's order. */
  items: Chat[];
  /** Give this as `before` to get the next part; absent at the end. */
  next?: string;
}

/** A part of a list. */
export interface PageMessage {
  /** The items, in the list's order. */
  items: Message[];
  /** Give this as `before` to get the next part; absent at the end. */
  next?: string;
}

/** A node we are connected to. */
export interface Peer {
  /** Its address. */
  address?: string;
  /** What its program calls itself. */
  agent?: string;
  /** Whether it is one of the neighbours by whom gossip comes and goes. */
  inMesh: boolean;
  /** How long it takes to answer (milliseconds), once that was measured. */
  latencyMs?: number;
  /** Whether we called it; otherwise it called us. */
  outbound: boolean;
  /** Its libp2p peer id. */
  peerId: string;
  /** The Waku protocols it serves, such as `relay` and `store`. */
  protocols: string[];
  /** Since when it is connected (Unix milliseconds). */
  since: number;
  /** How it is connected. */
  transport: Transport;
}

/** The recovery phrase. */
export interface Phrase {
  /** The words, separated by single spaces. Whoever has them has the account. */
  phrase: Secret;
}

/** Which words of the recovery phrase are to be given back. */
export interface PhraseQuestion {
  /** Their places, counted from 1. */
  places: number[];
}

/** What became of the recovery phrase on this device. */
export type PhraseState = 'kept' | 'confirmed' | 'gone';

/** Whose pictures are kept and shown. */
export type PicturesOf = 'contacts' | 'nobody';

/** What a person told of being there, as long as it holds. */
export interface Presence {
  /** What is to be shown. */
  state: PresenceState;
  /** Their words about it. */
  text?: string;
  /** Until when (Unix milliseconds), unless they tell it again; absent: as long as nothing else comes. */
  until?: number;
}

/** What we tell of being there. Everybody who knows our key can hear it. */
export type PresenceChoice = 'off' | 'automatic' | 'do-not-disturb' | 'always-online' | 'inactive';

/** Whether a person is there. */
export type PresenceState = 'online' | 'busy' | 'away';

/** A profile of this device, as far as it can be known while locked. */
export interface Profile {
  /** When it was made on this device (Unix milliseconds). */
  createdAt: number;
  /** Names the profile in every path. Chosen by this device, unknown to the network. */
  id: string;
  /** What the profile is called on this device: the display name it was created with, or was last changed to. */
  name: string;
  /** Whether its keys are in memory. */
  state: ProfileState;
}

/** A link that a person shows. */
export interface ProfileLink {
  /** What it is called, 1 to 24 characters. */
  label: string;
  /** Where it leads: https or http. Anybody may claim any address. */
  url: string;
}

/** Whether a profile's keys are in memory. */
export type ProfileState = 'locked' | 'unlocked';

/** What bytes are for. */
export type Purpose = 'own' | 'others' | 'store' | 'filter' | 'light-push' | 'nodes';

/** The message that a reply answers, as much as is known of it. */
export interface Quote {
  /** Its author's chat key, if we have the message. */
  author?: string;
  /** What to call the author. */
  authorName?: string;
  /** Whether it was deleted. */
  deleted?: boolean;
  /** The message's id. */
  id: string;
  /** Its text without marks, on one line, if we have the message. */
  text?: string;
}

/** To how many members a message of ours went, and how many have it. */
export interface Reach {
  /** Those of them a device of whom acknowledged it. */
  delivered: number;
  /** Members to whom it went. */
  members: number;
}

/** One emoji on a message. */
export interface Reaction {
  /** How many people chose it. */
  count: number;
  /** The emoji. */
  emoji: string;
  /** What to call some of them, the first first. */
  names?: string[];
  /** Whether we are among them. */
  own: boolean;
}

/** Asks where a link leads. Nothing is fetched. */
export interface ReadLink {
  /** The link (`https://status.app/…`), or a text with a link to a group in it (`undertone:group:…`). */
  link: string;
}

/** How far a message of ours in a group got to one member. */
export interface Receipt {
  /** When a device of theirs acknowledged it (Unix milliseconds); absent: none has. */
  deliveredAt?: number;
  /** Who it is, by chat key. */
  person: string;
  /** What to call them. */
  personName: string;
}

/** Changes the display name. */
export interface Rename {
  /** Display name, 5 to 24 characters. */
  name: string;
}

/** Whose contact requests are shown. */
export type RequestsFrom = 'everyone' | 'group-members' | 'nobody';

/** Makes a profile from the recovery phrase of an existing account. */
export interface RestoreProfile {
  /** Display name, 5 to 24 characters. */
  name: string;
  /** At least 10 characters; need not be the password used elsewhere. */
  password: Secret;
  /** 12, 15, 18, 21 or 24 words, separated by spaces. */
  phrase: Secret;
  /** Unlock it at once. Default: true. */
  unlock?: boolean;
}

/** What a restore added. What was here already is not counted. */
export interface Restored {
  /** Chats. */
  chats: number;
  /** People. */
  contacts: number;
  /** Messages. */
  messages: number;
}

/** What we and a person compare, by a way other than this app. It belongs to the two keys: both sides see the same, and it changes when a key changes. */
export interface SafetyNumber {
  /** Sixty digits. */
  digits: string;
  /** The same in twelve groups of five. */
  groups: string[];
  /** Ten pictures, for a quicker and weaker comparison. */
  pictures: SafetyPicture[];
}

/** One picture of a safety number. */
export interface SafetyPicture {
  /** An emoji. */
  emoji: string;
  /** Its English name, to read out. */
  name: string;
}

/** What somebody looks at, so that it is not told besides. Forgotten when the profile is locked. */
export interface Screen {
  /** The chat that is open, if the window is in front. */
  chat?: string;
}

/** A password or a recovery phrase. Wiped from memory when dropped; `Debug` shows nothing of it. */
export type Secret = string;

/** Sends what was uploaded: up to six pictures, or one sound, or one file. */
export interface SendAttachments {
  /** Who is meant by the names behind the sign `@` in it. */
  mentions?: Named[];
  /** The id of the message that this answers. */
  replyTo?: string;
  /** What stands below pictures. */
  text?: string;
  /** The ids of the uploads. */
  uploads: string[];
}

/** Sends a text. */
export interface SendText {
  /** Who is meant by the names behind the sign `@` in it. A key behind the sign needs no name. */
  mentions?: Named[];
  /** Previews that were made of links in the text, by their ids; at most five. */
  previews?: string[];
  /** The id of the message that this answers. */
  replyTo?: string;
  /** 1 to 4096 characters. */
  text: string;
}

/** Chooses what we tell of being there. */
export interface SetPresence {
  /** What is told. */
  presence: PresenceChoice;
  /** Some words about it, at most 128 characters. */
  text?: string;
}

/** Labels a person. */
export interface SetTrust {
  /** The label. */
  trust: Trust;
}

/** Says that the safety number was compared. */
export interface SetVerified {
  /** Whether it was the same on both sides; `false` also takes the mark back. */
  verified: boolean;
}

/** The settings of a profile. Changes of `mode` and of what is kept for others take effect at the next unlocking. */
export interface Settings {
  /** Whether backups are made by themselves. */
  autoBackup?: AutoBackup;
  /** Lock after so many minutes without a request; absent: never. */
  autoLockMinutes?: number;
  /** Whether files above 5 MB may go directly between this device and a contact's. The contact then sees our IP address. */
  directFiles?: boolean;
  /** Whose groups we may be put into. */
  groupInvitationsFrom?: InvitationsFrom;
  /** Whether previews are made of links that we send. */
  linkPreviews?: LinkPreviews;
  /** How the node takes part in the network. */
  mode: Mode;
  /** What is shown, and how loudly. */
  notifications?: Notifications;
  /** Who of those gets our picture. */
  pictureFor?: Audience;
  /** Whose pictures are kept and shown. */
  picturesOf?: PicturesOf;
  /** Who gets our description, colour and links without our writing to them. The name also stands in every message. */
  profileFor?: Audience;
  /** Whose contact requests are shown. */
  requestsFrom?: RequestsFrom;
  /** Keep them for so many hours. Default 48. */
  shareHours: number;
  /** In relay mode, keep at most so many megabytes of other people's (encrypted) messages, so that those who were offline can fetch them; 0 keeps nothing. Default 1000. */
  shareMegabytes: number;
}

/** What the node keeps for other people while it relays. */
export interface Sharing {
  /** Bytes used on disk now. */
  bytes: number;
  /** Messages of others kept now. */
  messages: number;
}

/** Things that are not in the database. Lossy: a reader that was away does not get them later. */
export type Signal = {
  kind: 'connectivity';
  /** Whether messages can travel changed. The latest value is also in the node's status. */
  value: Connectivity;
} | {
  kind: 'history-gaps';
  /** So many topics still lack history; 0 when all was fetched. */
  value: number;
} | {
  kind: 'clock-ahead';
  /** Our clock seems wrong by so many milliseconds. */
  value: number;
} | {
  kind: 'notification';
  /** Something to show at once, already decided. */
  value: Notification;
} | {
  kind: 'locked';
};

/** A sticker. Its picture is in no message and is not fetched. */
export interface Sticker {
  /** The hash that names it in the pack. */
  hash: string;
  /** The number of its pack. */
  pack: number;
}

/** A chat that takes room on this device, in bytes. */
export interface StoredChat {
  /** The chat's id; it need not be in the list of chats. */
  chat: string;
  /** Files. */
  files: number;
  /** Texts, pictures and sounds. */
  messages: number;
  /** What to call it. */
  name: string;
}

/** A part of a text that stands by itself. */
export interface TextBlock {
  /** What it is. */
  kind: TextBlockKind;
  /** The language of code, as its author names it. */
  language?: string;
  /** Its text, in pieces that look the same. Line breaks stand in it as they are. */
  spans: TextSpan[];
}

/** What a part of a text is. */
export type TextBlockKind = 'paragraph' | 'quote' | 'code';

/** Characters that look the same. */
export interface TextSpan {
  /** Heavier. */
  bold?: boolean;
  /** Slanted. */
  italic?: boolean;
  /** The chat key (`zQ3…`) of the person who is mentioned. */
  key?: string;
  /** What they are. */
  kind: TextSpanKind;
  /** Struck through. */
  struck?: boolean;
  /** The characters to show, without marks; a person who is mentioned by the name that we know. */
  text: string;
}

/** What characters are. */
export type TextSpanKind = 'text' | 'code' | 'link' | 'group' | 'mention' | 'channel';

/** How one message travelled. */
export interface Trace {
  /** The chat it stands in. */
  chat: string;
  /** When this is forgotten at the latest (Unix milliseconds); absent if nothing is known. */
  keptUntil?: number;
  /** The message's id. */
  message: string;
  /** Whether we wrote it. */
  own: boolean;
  /** The bytes it travelled in: one entry for each person and each attempt, in the order in which they went or came. */
  parcels: TraceParcel[];
  /** Bytes of its text in UTF-8. */
  text: number;
}

/** An envelope: what nodes pass on and keep. */
export interface TraceEnvelope {
  /** When that was (Unix milliseconds). */
  at: number;
  /** Bytes that were sealed. */
  data: number;
  /** All that a node in the middle can read, field by field; the bytes together are `wire`. */
  fields: TraceField[];
  /** Its deterministic hash (`0x…`), by which store nodes know it. */
  hash: string;
  /** What became of it. */
  outcome: TraceOutcome;
  /** The same with our signature and padding. */
  padded: number;
  /** Whether it only makes up for lost ones. */
  parity?: boolean;
  /** How many nodes took it, if that is known. */
  peers?: number;
  /** The same sealed. */
  sealed: number;
  /** Nodes that had it, at most eight. */
  seen: TraceSighting[];
  /** Its place among the segments, from 0. */
  segment: number;
  /** Bytes of the whole envelope. */
  wire: number;
}

/** What became of a key on this device. */
export type TraceFate = 'erased' | 'in-pre-key' | 'in-identity' | 'shared';

/** A field of an envelope as it stands on the wire. */
export interface TraceField {
  /** Bytes with its tag and length. */
  bytes: number;
  /** Its name in 14/WAKU2-MESSAGE. */
  name: string;
  /** What it says; of the payload, its first bytes in hex. */
  value?: string;
}

/** The key for one device, or for all. The key itself is nowhere. */
export interface TraceKey {
  /** When the device acknowledged the message (Unix milliseconds). */
  acknowledgedAt?: number;
  /** Eight bytes of a hash, which tell the chains of a session apart. */
  chain?: string;
  /** What became of it on this device. */
  fate: TraceFate;
  /** The device that opens it, or that encrypted it; absent: whoever has the key. */
  installation?: string;
  /** Its number in the chain, from 0. */
  number?: number;
  /** What kind of key it is. */
  scheme: TraceScheme;
  /** Until when it can be computed again, if that is known (Unix milliseconds). */
  until?: number;
}

/** With what envelopes are sealed. */
export type TraceLock = 'topic' | 'identity';

/** What became of an envelope. */
export type TraceOutcome = 'came' | 'taken' | 'not-taken' | 'too-large';

/** One piece of bytes in which the message was. */
export interface TraceParcel {
  /** When we acknowledged it, if it came. */
  answeredAt?: number;
  /** When it was encrypted, or was here as a whole (Unix milliseconds). */
  at: number;
  /** What listeners filter by. */
  contentTopic: string;
  /** Bytes after they were encrypted for each device. */
  encrypted: number;
  /** What it was sealed in. Each attempt is an envelope of its own. */
  envelopes: TraceEnvelope[];
  /** With what it was encrypted, for each device. */
  keys: TraceKey[];
  /** With what its envelopes are sealed. */
  lock: TraceLock;
  /** What to call them. */
  name?: string;
  /** For whom it was encrypted, or whose device sent it; absent: for everybody. */
  person?: string;
  /** What kind of place its topic is. */
  place: TracePlace;
  /** The mesh. */
  pubsubTopic: string;
  /** Envelopes that it takes, those that only make up for lost ones not counted. */
  segments: number;
  /** Bytes of the message with its author's signature. */
  signed: number;
  /** Bytes with what asks for an acknowledgement. */
  synced: number;
}

/** What kind of place a topic is. */
export type TracePlace = 'partitioned' | 'negotiated' | 'public';

/** What kind of key opens a part. */
export type TraceScheme = 'ratchet' | 'founding' | 'identity' | 'clear';

/** A node that had an envelope. */
export interface TraceSighting {
  /** When (Unix milliseconds). */
  at: number;
  /** Its libp2p peer id; absent if it is not known. */
  peer?: string;
  /** How we know. */
  way: TraceWay;
}

/** How it is known that a node had an envelope. */
export type TraceWay = 'handed' | 'relay' | 'filter' | 'store';

/** Bytes for one purpose since start. */
export interface Traffic {
  /** Received. */
  bytesIn: number;
  /** Sent. */
  bytesOut: number;
  /** What for. */
  purpose: Purpose;
}

/** How a node is connected. */
export type Transport = 'tcp' | 'websocket' | 'secure-websocket' | 'quic' | 'relayed' | 'other';

/** What we think of a person. They do not learn it. */
export type Trust = 'unknown' | 'trusted' | 'untrusted';

/** Brings a profile's keys into memory and its node onto the network. */
export interface Unlock {
  /** The profile's password. */
  password: Secret;
}

/** Something uploaded, made ready to be sent. It waits for some minutes, in memory only. */
export interface Upload {
  /** A sound's length in milliseconds. */
  durationMs?: number;
  /** A picture's height in pixels. */
  height?: number;
  /** Names it in the request that sends it. */
  id: string;
  /** What it became. */
  kind: AttachmentKind;
  /** Its length in bytes, as it will be sent. */
  size: number;
  /** A picture's width in pixels. */
  width?: number;
}

/** A question that only one person can answer, and the answer. */
export interface Verification {
  /** The answer. */
  answer?: string;
  /** When it last moved (Unix milliseconds). */
  at: number;
  /** The question. */
  question: string;
  /** Where it stands. */
  state: VerificationState;
}

/** Where a proof of identity stands. */
export type VerificationState = 'pending' | 'answered' | 'declined' | 'cancelled' | 'trusted' | 'untrusted';

/** A question or an answer. */
export interface VerificationText {
  /** 1 to 280 bytes, for `ask` and `answer`. */
  text?: string;
}

/** The daemon's proof, and what a page needs for its own. */
export interface Welcome {
  /** `HMAC-SHA256(key, "undertone daemon" LF nonce LF run LF host)` in hexadecimal digits. */
  proof: string;
  /** Names this run of the daemon. The page's secret is `HMAC-SHA256(key, "undertone page" LF run LF host)` in hexadecimal digits, where `host` is the `Host` that the browser sends. */
  run: string;
}

/** A text as its author wrote it, with people by their names. */
export interface Written {
  /** Who is meant by the names in it. */
  mentions?: Named[];
  /** The text with its marks. */
  text: string;
}

/** Every path: what a request gives and what a success answers with. */
export interface Paths {
  /** Let the daemon prove itself to a page that has a session's key. Takes the cookie alone: nothing here helps anybody who does not know the key. */
  'POST /v1/door/hello': {
    body: Hello;
    answer: Welcome;
  };
  /** Give a page that was loaded again the key of its session. Only with the page's secret of this run. */
  'POST /v1/door/key': {
    answer: PageKey;
  };
  /** Make a code that lets one browser in, once and within a minute, and a page that hands it over. Only with the token. */
  'POST /v1/door/open': {
    body: OpenBrowser;
    answer: Invitation;
  };
  /** The profiles of this device. */
  'GET /v1/profiles': {
    answer: Profile[];
  };
  /** Make a profile with new keys. */
  'POST /v1/profiles': {
    body: CreateProfile;
    answer: Profile;
  };
  /** Make a profile from a recovery phrase. */
  'POST /v1/profiles/restore': {
    body: RestoreProfile;
    answer: Profile;
  };
  /** Delete a profile from this device. The account lives on for whoever has its recovery phrase. */
  'DELETE /v1/profiles/{profile}': {
    answer: Accepted;
  };
  /** The account of an unlocked profile. */
  'GET /v1/profiles/{profile}/account': {
    answer: Account;
  };
  /** Change the display name. */
  'PATCH /v1/profiles/{profile}/account': {
    body: Rename;
    answer: Account;
  };
  /** What happened, the latest first. */
  'GET /v1/profiles/{profile}/activity': {
    query: { before?: string; limit?: number; kinds?: string; read?: boolean };
    answer: ActivityPage;
  };
  /** Mark everything as read. */
  'POST /v1/profiles/{profile}/activity/read': {
    answer: Accepted;
  };
  /** Take an entry out of the list. */
  'DELETE /v1/profiles/{profile}/activity/{entry}': {
    answer: Accepted;
  };
  /** Mark one entry as read or unread; accept or dismiss what it asks. */
  'POST /v1/profiles/{profile}/activity/{entry}/{action}': {
    answer: Activity;
  };
  /** The backups on this device, and what is being done. */
  'GET /v1/profiles/{profile}/backups': {
    answer: Backups;
  };
  /** Begin to make a backup. */
  'POST /v1/profiles/{profile}/backups': {
    body: CreateBackup;
    answer: BackupJob;
  };
  /** Begin to restore a backup that is sent. It was read to its end when this answers. */
  'POST /v1/profiles/{profile}/backups/restore': {
    answer: BackupJob;
  };
  /** Delete a backup. */
  'DELETE /v1/profiles/{profile}/backups/{name}': {
    answer: Accepted;
  };
  /** The bytes of a backup, to keep them elsewhere. */
  'GET /v1/profiles/{profile}/backups/{name}': {
    answer: Blob;
  };
  /** Begin to restore a backup on this device. It was read to its end when this answers. */
  'POST /v1/profiles/{profile}/backups/{name}/restore': {
    answer: BackupJob;
  };
  /** Chats, the one where something happened last first. */
  'GET /v1/profiles/{profile}/chats': {
    query: { before?: string; limit?: number };
    answer: PageChat;
  };
  /** Take a chat out of the list, with what was said in it, on this device only. A public chat is left; a group that we are in is left too, and stays. */
  'DELETE /v1/profiles/{profile}/chats/{chat}': {
    answer: Accepted;
  };
  /** One chat, by its id or, if it is one-to-one, by the person's key. */
  'GET /v1/profiles/{profile}/chats/{chat}': {
    answer: Chat;
  };
  /** Send what was uploaded. It is on disk when this answers; the events say how far it gets. */
  'POST /v1/profiles/{profile}/chats/{chat}/attachments': {
    body: SendAttachments;
    answer: Created;
  };
  /** Erase what was said in a chat, on this device only. */
  'POST /v1/profiles/{profile}/chats/{chat}/clear': {
    answer: Accepted;
  };
  /** Keep a text that was begun in a chat, until it is sent or given up; an empty one takes it away. It stays on this device. */
  'PUT /v1/profiles/{profile}/chats/{chat}/draft': {
    body: Draft;
    answer: Accepted;
  };
  /** A chat as a ZIP archive: pages for a browser, JSON, and what its messages carry. Nothing in it is encrypted. The header `undertone-estimate` says roughly how many bytes will come; if the answer breaks off, the archive is not whole. */
  'GET /v1/profiles/{profile}/chats/{chat}/export': {
    answer: Blob;
  };
  /** Leave a chat. A public chat is not heard any more, and what was said there is erased on this device; the members of a group are told, and what was said stays. */
  'POST /v1/profiles/{profile}/chats/{chat}/leave': {
    answer: Accepted;
  };
  /** Messages of a chat, the latest first, and what is known to be missing among them: the newest, what is older or newer than another part, or those around a message. */
  'GET /v1/profiles/{profile}/chats/{chat}/messages': {
    query: { before?: string; after?: string; around?: string; limit?: number };
    answer: MessagePage;
  };
  /** Send a text. It is on disk when this answers; the events say how far it gets. */
  'POST /v1/profiles/{profile}/chats/{chat}/messages': {
    body: SendText;
    answer: Created;
  };
  /** Make a chat silent, or end that. */
  'PUT /v1/profiles/{profile}/chats/{chat}/mute': {
    body: MuteChat;
    answer: Chat;
  };
  /** What was chosen about the notifications of one chat. */
  'GET /v1/profiles/{profile}/chats/{chat}/notifications': {
    answer: ChatNotifications;
  };
  /** Choose about the notifications of one chat; what is absent is as for all. */
  'PUT /v1/profiles/{profile}/chats/{chat}/notifications': {
    body: ChatNotifications;
    answer: ChatNotifications;
  };
  /** What is pinned in a chat, the newest first. */
  'GET /v1/profiles/{profile}/chats/{chat}/pinned': {
    answer: PageMessage;
  };
  /** Mark everything in a chat as read. */
  'POST /v1/profiles/{profile}/chats/{chat}/read': {
    answer: Accepted;
  };
  /** What a chat takes on this device. */
  'GET /v1/profiles/{profile}/chats/{chat}/storage': {
    answer: ChatStorage;
  };
  /** The people a profile knows, by name. */
  'GET /v1/profiles/{profile}/contacts': {
    answer: Contact[];
  };
  /** Ask somebody to become a contact. */
  'POST /v1/profiles/{profile}/contacts': {
    body: ContactRequest;
    answer: Contact;
  };
  /** One person. */
  'GET /v1/profiles/{profile}/contacts/{key}': {
    answer: Contact;
  };
  /** Name a person for ourselves. */
  'PUT /v1/profiles/{profile}/contacts/{key}/nickname': {
    body: Nickname;
    answer: Contact;
  };
  /** What we and a person compare to be sure that nobody stands between us. The person need not be a contact. */
  'GET /v1/profiles/{profile}/contacts/{key}/safety': {
    answer: SafetyNumber;
  };
  /** Label a person. They are not told. */
  'PUT /v1/profiles/{profile}/contacts/{key}/trust': {
    body: SetTrust;
    answer: Contact;
  };
  /** One step of a proof of identity by question and answer. */
  'POST /v1/profiles/{profile}/contacts/{key}/verification/{action}': {
    body: VerificationText;
    answer: Contact;
  };
  /** Say that the safety number was compared. */
  'PUT /v1/profiles/{profile}/contacts/{key}/verified': {
    body: SetVerified;
    answer: Contact;
  };
  /** Accept, decline or retract a request; remove, block or unblock a person. */
  'POST /v1/profiles/{profile}/contacts/{key}/{action}': {
    answer: Contact;
  };
  /** Change what our profile says. */
  'PATCH /v1/profiles/{profile}/description': {
    body: DescribeProfile;
    answer: Account;
  };
  /** The event stream: a WebSocket whose text frames are `Frame`s. A browser offers the subprotocols `undertone.v1` and `undertone.token.<token>`. */
  'GET /v1/profiles/{profile}/events': {
    query: { epoch?: string; since?: number };
    answer: undefined;
  };
  /** Groups into which strangers let us, and of which we have not said whether we want that. */
  'GET /v1/profiles/{profile}/group-invitations': {
    answer: Group[];
  };
  /** Requests to be let into groups that nobody has answered: of others, and our own. */
  'GET /v1/profiles/{profile}/group-requests': {
    answer: GroupRequest[];
  };
  /** Ask a contact to let us into a group that they are in. */
  'POST /v1/profiles/{profile}/group-requests': {
    body: AskToJoin;
    answer: Accepted;
  };
  /** Found a group. */
  'POST /v1/profiles/{profile}/groups': {
    body: CreateGroup;
    answer: Group;
  };
  /** One group, with its members. */
  'GET /v1/profiles/{profile}/groups/{group}': {
    answer: Group;
  };
  /** Change the name or the colour. Every member may. */
  'PATCH /v1/profiles/{profile}/groups/{group}': {
    body: ChangeGroup;
    answer: Group;
  };
  /** Say yes to a stranger's invitation. */
  'POST /v1/profiles/{profile}/groups/{group}/accept': {
    answer: Accepted;
  };
  /** Be no admin any more. */
  'DELETE /v1/profiles/{profile}/groups/{group}/admin': {
    answer: Group;
  };
  /** Make a member an admin, as an admin. */
  'PUT /v1/profiles/{profile}/groups/{group}/admins/{key}': {
    answer: Group;
  };
  /** Say no to a stranger's invitation. Nobody is told. */
  'POST /v1/profiles/{profile}/groups/{group}/decline': {
    answer: Accepted;
  };
  /** What happened to a group since it was founded, in order. */
  'GET /v1/profiles/{profile}/groups/{group}/events': {
    answer: GroupEvent[];
  };
  /** Let contacts in. They see what is written from now on. */
  'POST /v1/profiles/{profile}/groups/{group}/members': {
    body: AddMembers;
    answer: Group;
  };
  /** Put a member out, as an admin. They see nothing that is written later. */
  'DELETE /v1/profiles/{profile}/groups/{group}/members/{key}': {
    answer: Group;
  };
  /** The picture of a group, decoded and made anew: a JPEG file. */
  'GET /v1/profiles/{profile}/groups/{group}/picture': {
    answer: Blob;
  };
  /** Replace the picture by an image file (JPEG, PNG, GIF or WebP, at most 10 MB), cut to the square in its middle. */
  'PUT /v1/profiles/{profile}/groups/{group}/picture': {
    answer: Group;
  };
  /** Let somebody in who asks for it. */
  'POST /v1/profiles/{profile}/groups/{group}/requests/{key}/accept': {
    answer: Group;
  };
  /** Refuse somebody who asks to be let in. They are told. */
  'POST /v1/profiles/{profile}/groups/{group}/requests/{key}/decline': {
    answer: Group;
  };
  /** The link to ourselves, or to a person or a channel. */
  'GET /v1/profiles/{profile}/link': {
    query: { of?: string };
    answer: Link;
  };
  /** The same as a QR code, a PNG picture. */
  'GET /v1/profiles/{profile}/link/qr.png': {
    query: { of?: string; plain?: boolean };
    answer: Blob;
  };
  /** The same as a QR code, an SVG drawing. */
  'GET /v1/profiles/{profile}/link/qr.svg': {
    query: { of?: string; plain?: boolean };
    answer: Blob;
  };
  /** Say where a link leads. Nothing is fetched, and nothing is kept. */
  'POST /v1/profiles/{profile}/links': {
    body: ReadLink;
    answer: Link;
  };
  /** Take a profile's keys out of memory, and its node off the network. */
  'POST /v1/profiles/{profile}/lock': {
    answer: Profile;
  };
  /** Delete a message, with its whole album if it is a picture of one. */
  'DELETE /v1/profiles/{profile}/messages/{message}': {
    query: { for: DeleteFor };
    answer: Accepted;
  };
  /** One message. */
  'GET /v1/profiles/{profile}/messages/{message}': {
    answer: Message;
  };
  /** Give a message of ours another text. */
  'PATCH /v1/profiles/{profile}/messages/{message}': {
    body: EditText;
    answer: Accepted;
  };
  /** The bytes of what a message carries. `Range` is understood. */
  'GET /v1/profiles/{profile}/messages/{message}/attachment': {
    answer: Blob;
  };
  /** Give up sending or fetching a file. The message stays. */
  'POST /v1/profiles/{profile}/messages/{message}/attachment/cancel': {
    answer: Accepted;
  };
  /** Fetch a file that is not fetched by itself, or was given up. */
  'POST /v1/profiles/{profile}/messages/{message}/attachment/fetch': {
    answer: Accepted;
  };
  /** The picture of a card in a message, made anew. Counted from 0. */
  'GET /v1/profiles/{profile}/messages/{message}/cards/{number}/image': {
    answer: Blob;
  };
  /** The picture of a preview in a message, made anew. Counted from 0. */
  'GET /v1/profiles/{profile}/messages/{message}/links/{number}/image': {
    answer: Blob;
  };
  /** Unpin a message. */
  'DELETE /v1/profiles/{profile}/messages/{message}/pin': {
    answer: Accepted;
  };
  /** Pin a message to its chat; three in a chat can be. */
  'PUT /v1/profiles/{profile}/messages/{message}/pin': {
    answer: Accepted;
  };
  /** Take an emoji of ours off a message. */
  'DELETE /v1/profiles/{profile}/messages/{message}/reactions/{emoji}': {
    answer: Accepted;
  };
  /** Put an emoji on a message. */
  'PUT /v1/profiles/{profile}/messages/{message}/reactions/{emoji}': {
    answer: Accepted;
  };
  /** How far a message of ours in a group got, per member. */
  'GET /v1/profiles/{profile}/messages/{message}/receipts': {
    answer: Receipt[];
  };
  /** Send a failed message again. */
  'POST /v1/profiles/{profile}/messages/{message}/resend': {
    answer: Accepted;
  };
  /** How a message travelled: what each layer made of it, and which nodes had it. */
  'GET /v1/profiles/{profile}/messages/{message}/trace': {
    answer: Trace;
  };
  /** The network node of an unlocked profile. */
  'GET /v1/profiles/{profile}/node': {
    answer: NodeStatus;
  };
  /** Connect no more to a node that was added. */
  'DELETE /v1/profiles/{profile}/node/added': {
    query: { address: string };
    answer: NodeStatus;
  };
  /** Connect to a node, now and at every unlocking. It is kept if it answers. */
  'POST /v1/profiles/{profile}/node/added': {
    body: AddNode;
    answer: NodeStatus;
  };
  /** Replace the password and the key it protects. The profile is locked meanwhile. */
  'POST /v1/profiles/{profile}/password': {
    body: ChangePassword;
    answer: Accepted;
  };
  /** Erase the recovery phrase from this device. It must have been confirmed. */
  'DELETE /v1/profiles/{profile}/phrase': {
    answer: Accepted;
  };
  /** Show the recovery phrase; the password is asked for again. */
  'POST /v1/profiles/{profile}/phrase': {
    body: ExportPhrase;
    answer: Phrase;
  };
  /** Give the two words back, which shows that the phrase was written down. */
  'POST /v1/profiles/{profile}/phrase/confirm': {
    body: ConfirmPhrase;
    answer: Account;
  };
  /** Ask which two words of the recovery phrase are to be given back. */
  'POST /v1/profiles/{profile}/phrase/question': {
    answer: PhraseQuestion;
  };
  /** Take our picture away. */
  'DELETE /v1/profiles/{profile}/picture': {
    answer: Account;
  };
  /** Replace our picture by an image file (JPEG, PNG, GIF or WebP, at most 10 MB), cut to the square in its middle. */
  'PUT /v1/profiles/{profile}/picture': {
    answer: Account;
  };
  /** The picture of a person, decoded and made anew: a JPEG file. */
  'GET /v1/profiles/{profile}/pictures/{key}/{size}': {
    answer: Blob;
  };
  /** Choose what is told of our being there. Everybody who knows our key can hear it. */
  'PUT /v1/profiles/{profile}/presence': {
    body: SetPresence;
    answer: Account;
  };
  /** Make a preview of a link. This asks the page, from this computer's address, unless the settings say never. */
  'POST /v1/profiles/{profile}/previews': {
    body: MakePreview;
    answer: MadePreview;
  };
  /** The picture of a preview that was made. */
  'GET /v1/profiles/{profile}/previews/{id}/image': {
    answer: Blob;
  };
  /** Enter the public chat of a name. Anyone who knows the name can read what is written there, and by whom. */
  'POST /v1/profiles/{profile}/public-chats': {
    body: JoinPublic;
    answer: Chat;
  };
  /** Say what somebody looks at, so that it is not told besides. */
  'PUT /v1/profiles/{profile}/screen': {
    body: Screen;
    answer: Accepted;
  };
  /** Messages that fit, the latest first. One part is looked for at a time, which takes bounded time however many messages there are. */
  'GET /v1/profiles/{profile}/search': {
    query: { text?: string; chat?: string; person?: string; since?: number; until?: number; kinds?: string; before?: string; limit?: number };
    answer: PageMessage;
  };
  /** Our own profile as somebody else would show it: a contact, or a stranger who knows our key and was written to. */
  'GET /v1/profiles/{profile}/seen/{by}': {
    answer: Contact;
  };
  /** The settings of an unlocked profile. */
  'GET /v1/profiles/{profile}/settings': {
    answer: Settings;
  };
  /** Replace the settings. */
  'PUT /v1/profiles/{profile}/settings': {
    body: Settings;
    answer: Settings;
  };
  /** What each chat takes on this device, the largest first. */
  'GET /v1/profiles/{profile}/storage': {
    answer: StoredChat[];
  };
  /** Bring a profile's keys into memory and its node onto the network. */
  'POST /v1/profiles/{profile}/unlock': {
    body: Unlock;
    answer: Profile;
  };
  /** Hand over a picture (at most 10 MB), a sound (1.5 MB; AAC, AMR, or a recording as WAV, which becomes AAC) or a file (1 GB). */
  'POST /v1/profiles/{profile}/uploads': {
    query: { kind: AttachmentKind; name?: string };
    answer: Upload;
  };
  /** The daemon and its profiles. */
  'GET /v1/status': {
    answer: DaemonStatus;
  };
}

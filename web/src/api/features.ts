/**
 * What this daemon can do, read off its own description. What it cannot do is not offered.
 */
export const OPERATIONS = {
  react: 'put /messages/{}/reactions/{}',
  edit: 'patch /messages/{}',
  remove: 'delete /messages/{}',
  pin: 'put /messages/{}/pin',
  pinned: 'get /chats/{}/pinned',
  trace: 'get /messages/{}/trace',
  attach: 'post /chats/{}/attachments',
  mute: 'put /chats/{}/mute',
  clear: 'post /chats/{}/clear',
  deleteChat: 'delete /chats/{}',
  leave: 'post /chats/{}/leave',
  createGroup: 'post /groups',
  addMembers: 'post /groups/{}/members',
  removeMember: 'delete /groups/{}/members/{}',
  renameGroup: 'patch /groups/{}',
  groupPicture: 'put /groups/{}/picture',
  makeAdmin: 'put /groups/{}/admins/{}',
  groupEvents: 'get /groups/{}/events',
  receipts: 'get /messages/{}/receipts',
  askToJoin: 'post /group-requests',
  joinPublic: 'post /public-chats',
  safety: 'get /contacts/{}/safety',
  verified: 'put /contacts/{}/verified',
  trust: 'put /contacts/{}/trust',
  preview: 'post /previews',
  exportChat: 'get /chats/{}/export',
  link: 'get /link',
  readLink: 'post /links',
  activity: 'get /activity',
  describe: 'patch /description',
  seen: 'get /seen/{}',
  picture: 'put /picture',
  presence: 'put /presence',
  confirmPhrase: 'post /phrase/confirm',
  screen: 'put /screen',
} as const;

export type Feature = keyof typeof OPERATIONS;

/** The operations of an OpenAPI document, parameters without names, below a profile. */
export function operations(document: unknown): Set<string> {
  const found = new Set<string>();
  const paths = (document as { paths?: Record<string, Record<string, unknown>> } | null)?.paths;
  if (typeof paths !== 'object' || paths === null) return found;
  for (const [path, methods] of Object.entries(paths)) {
    const short = path.replace(/^\/v1\/profiles\/\{[^}]+\}/, '').replace(/\{[^}]+\}/g, '{}');
    for (const method of Object.keys(methods)) found.add(`${method} ${short}`);
  }
  return found;
}

export class Features {
  private readonly known: Set<string>;

  constructor(document: unknown) {
    this.known = operations(document);
  }

  has(feature: Feature): boolean {
    return this.known.has(OPERATIONS[feature]);
  }
}

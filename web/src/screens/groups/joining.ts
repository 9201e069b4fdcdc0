/** What somebody can do who was handed a link to a group. */
import type { Chat, Contact, GroupRequest, Link } from '../../api/types.ts';

/**
 * `in`: we are in it. `own`: the link is ours, so nobody is named who could be asked. `waiting`: the member has our question.
 * `ask`: they can be asked. The rest is what stands between us and being heard, since members hear only their contacts:
 * `befriend`, or `befriending` if they have our request, `accept` if we have theirs, `blocked` if we blocked them.
 */
export type Step = 'in' | 'own' | 'waiting' | 'ask' | 'befriend' | 'befriending' | 'accept' | 'blocked';

export interface Known {
  /** Our key. */
  own: string | undefined;
  /** The chat of the group, if we were ever in it. */
  chat: Chat | undefined;
  /** The member whom the link names. */
  member: Contact | undefined;
  /** What we asked for and was not answered. */
  requests: readonly GroupRequest[];
}

export function nextStep(link: Link, { own, chat, member, requests }: Known): Step {
  if (chat && !chat.left) return 'in';
  if (link.key === own) return 'own';
  if (requests.some((request) => request.own && request.group === link.chat && request.admin === link.key && request.state === 'asked')) return 'waiting';
  switch (member?.state) {
    case 'mutual': return 'ask';
    case 'asked': return 'befriending';
    case 'asking': return 'accept';
    case 'blocked': return 'blocked';
    default: return 'befriend';
  }
}

/** Whether a text may have a link in it that the daemon can read. */
export const mayBeLink = (text: string): boolean => /:\/\/|undertone:/i.test(text);

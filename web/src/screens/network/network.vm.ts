/** What could be better about the connection, from the daemon's figures. */
import type { NodeStatus } from '../../api/types.ts';
import type { Key } from '../../i18n/index.svelte.ts';

export interface Hint {
  key: Key;
  values?: Record<string, number>;
}

/** Fewer connections than this hang on single nodes. */
const ENOUGH_PEERS = 3;

export function advice(node: NodeStatus): Hint[] {
  const hints: Hint[] = [];
  if (node.peers.length === 0) hints.push({ key: 'advice.noPeers' });
  else if (node.peers.length < ENOUGH_PEERS) hints.push({ key: 'advice.fewPeers', values: { count: node.peers.length } });
  if (node.peers.length > 0 && !node.peers.some((peer) => peer.protocols.some((name) => name.includes('store')))) hints.push({ key: 'advice.noStore' });
  const skew = node.clockAhead ?? 0;
  if (Math.abs(skew) > 10_000) hints.push({ key: 'advice.clock', values: { count: Math.round(Math.abs(skew) / 1000) } });
  return hints;
}

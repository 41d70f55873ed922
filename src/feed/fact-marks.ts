/** Which mark a fact has in the feed and on the timeline, and whether it is news or traffic. Pure. */
import type { MessageSummary, ViewFact } from '#engine/cluster/view.ts';
import { type Knowledge, KNOWS_NOTHING } from './fact-sentences.ts';
import { brokerStyle, postmark } from '#src/stage/broker-marks.ts';
import { brokerOf } from '#src/stage/shown-text.ts';

/** Waves, ring, two sheets, cross, tick: told apart by shape. */
export type MarkKind = 'fault' | 'election' | 'in-sync' | 'error' | 'healed';
/** @property broker whose colour a ring has; 0 is the metadata quorum's ink. */
export interface Mark { readonly kind: MarkKind; readonly broker: number }

/** News is always told; traffic is a letter that is sent and its receipt, told while there is room; its steps between are details, told in slow motion and step by step. */
export type Weight = 'news' | 'traffic' | 'detail';

export function weightOf(entry: ViewFact): Weight {
  const { fact } = entry;
  switch (fact.kind) {
    case 'message': return messageWeight(fact.summary);
    // Each try after the first says the same again, and so does each candidacy of a voter that nobody hears.
    case 'batch-retried': return fact.attempt > 1 ? 'traffic' : 'news';
    case 'batch-acknowledged': case 'message-held': case 'producer-opened': case 'consumer-opened':
      return 'traffic';
    // Both say again, link by link, what the command has said.
    case 'link-cut': case 'link-healed':
    case 'log-appended': case 'records-consumed': case 'high-watermark': case 'log-opened': case 'became-leader': case 'became-follower': case 'isr-proposed': case 'records-accepted': case 'metadata-refreshed':
    case 'connection-closed': case 'raft-log': case 'znode-watch':
      return 'detail';
    case 'segment-rolled': case 'segments-deleted': case 'log-compacted': case 'log-deleted': return 'traffic';
    // That a broker has come or gone is news by its znode; its session says it again.
    case 'zookeeper-session': return fact.change === 'expired' ? 'news' : 'detail';
    case 'zookeeper-state': return fact.state === 'leading' ? 'news' : fact.state === 'looking' ? 'traffic' : 'detail';
    case 'znode': return isNewsZnode(fact.path) ? 'news' : 'detail';
    case 'position-reset': return fact.why === 'seek' ? 'detail' : 'news';
    case 'raft-role':
      if (fact.role === 'candidate' || fact.role === 'prospective') return 'traffic';
      return fact.role === 'follower' || fact.role === 'unattached' || fact.role === 'observer' ? 'detail' : 'news';
    default: return 'news';
  }
}

/** Who is controller, and who is in service. */
function isNewsZnode(path: string): boolean {
  return path === '/controller' || /^\/brokers\/ids\/\d+$/.test(path);
}

function messageWeight(summary: MessageSummary): Weight {
  switch (summary.about) {
    case 'produce': return 'traffic';
    case 'produce-response': return summary.partitions.some((it) => it.error !== 'NONE') ? 'traffic' : 'detail';
    case 'fetch': case 'fetch-response': case 'other': return 'detail';
  }
}

export function markOf(entry: ViewFact, knowledge: Knowledge = KNOWS_NOTHING): Mark | null {
  const { fact } = entry;
  switch (fact.kind) {
    // A client that ends is no fault of the cluster.
    case 'process-stopped': return fact.how === 'exit' && brokerOf(fact.process) === null ? null : { kind: 'fault', broker: 0 };
    case 'process-paused': case 'link-cut': return { kind: 'fault', broker: 0 };
    case 'process-resumed': case 'link-healed': case 'broker-unfenced': return { kind: 'healed', broker: 0 };
    case 'raft-role': return fact.role === 'leader' ? { kind: 'election', broker: 0 } : null;
    case 'zookeeper-state': return fact.state === 'leading' ? { kind: 'election', broker: 0 } : null;
    case 'controller-elected': return { kind: 'election', broker: fact.broker };
    case 'zookeeper-session': return fact.change === 'expired' ? { kind: 'in-sync', broker: 0 } : null;
    case 'node-failed': case 'log-directory-failed': return { kind: 'fault', broker: 0 };
    case 'controller-fenced': return { kind: 'error', broker: 0 };
    case 'broker-fenced': case 'log-truncated': return { kind: 'in-sync', broker: 0 };
    case 'partition-changed':
      if (!knowledge.isNewLeader || fact.reason === 'isr-shrunk' || fact.reason === 'isr-expanded') return { kind: 'in-sync', broker: 0 };
      return fact.leader < 0 ? { kind: 'fault', broker: 0 } : { kind: 'election', broker: fact.leader };
    case 'batch-retried': case 'batch-failed': case 'peer-unreachable': case 'message-dropped': return { kind: 'error', broker: 0 };
    case 'message':
      return fact.summary.about === 'produce-response' && fact.summary.partitions.some((it) => it.error !== 'NONE') ? { kind: 'error', broker: 0 } : null;
    default: return null;
  }
}

/** Centred on x, y; about 16 px wide. */
export function markMarkup(mark: Mark, x: number, y: number): string {
  switch (mark.kind) {
    case 'fault': return `<path class="mk-fault" d="M${x - 9} ${y - 2}q3-5 6 0t6 0t6 0M${x - 9} ${y + 3}q3-5 6 0t6 0t6 0"/>`;
    case 'election': return mark.broker === 0 ? ring(x, y, 0) : ring(x, y, brokerStyle(mark.broker));
    case 'in-sync': return `<g class="mk-isr"><rect x="${x - 6}" y="${y - 6}" width="9" height="8"/><rect x="${x - 3}" y="${y - 3}" width="9" height="8"/></g>`;
    case 'error': return `<path class="mk-error" d="M${x - 5} ${y - 5}l10 10m0-10l-10 10"/>`;
    case 'healed': return `<path class="mk-heal" d="M${x - 6} ${y}l4 5l8-10"/>`;
  }
}

function ring(x: number, y: number, style: number): string {
  return postmark(style, { x, y, r: 7 });
}

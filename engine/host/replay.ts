// A run file played again without a page, and what is to be seen of the cluster at the end: plain data, ready to be printed as JSON.
import { readRunFile } from "./run-file.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import { exportFacts } from "#engine/cluster/export-fact.ts";
import { observe } from "#engine/cluster/observe.ts";
import { observeFiles, observeFolders } from "#engine/cluster/observe-files.ts";
import { observeMetadataLog } from "#engine/cluster/observe-metadata-log.ts";
import { observeReplicaOffsets } from "#engine/cluster/observe-replica-offsets.ts";
import { observeZnodes } from "#engine/cluster/observe-znodes.ts";
import type { RunFile } from "#engine/cluster/run-file.ts";

/** What `--observe` may name. */
export const REPLAY_PARTS = ["nodes", "topics", "replicas", "znodes", "metadata-log", "files", "facts"] as const;
export type ReplayPart = (typeof REPLAY_PARTS)[number];

/** @property untilMs virtual milliseconds; null: where the run was saved. It may lie beyond: then the cluster goes on without a hand. */
export interface ReplayOptions { readonly untilMs: number | null; readonly parts: readonly ReplayPart[] }

/** Plays the text of a run file. Throws AuthorError when it is refused. `name`: of the file. */
export function replayFile(text: string, name: string, options: ReplayOptions): Readonly<Record<string, unknown>> {
  const run = readRunFile(text, name);
  const cluster = played(run, options.untilMs === null ? run.until : options.untilMs * 1000);
  const replayed: Record<string, unknown> = {
    engine: run.engine, profile: `${run.spec.kafka} ${run.spec.mode}`, seed: run.seed, atMs: cluster.now / 1000, events: cluster.eventsHandled,
    digest: cluster.digest(), outcomes: cluster.outcomes.slice(0).filter(outcome => (outcome as { readonly call: number }).call > 0),
  };
  for (const part of options.parts) Object.assign(replayed, observed(cluster, part));
  return replayed;
}

function played(run: RunFile, until: number): Cluster {
  const cluster = Cluster.build(run.spec, run.seed);
  run.inputs.forEach((input, index) => {
    if (input.at > until) return;
    cluster.runUntil(input.at);
    cluster.apply(index, input.command);
  });
  cluster.runUntil(Math.max(until, cluster.now));
  return cluster;
}

function observed(cluster: Cluster, part: ReplayPart): Readonly<Record<string, unknown>> {
  switch (part) {
    case "nodes": {
      const { nodes, ensemble, controllerEpoch, activeController, quorumEpoch, producers, consumers, cuts } = observe(cluster);
      return {
        nodes, activeController, quorumEpoch, producers, consumers, cuts,
        ...ensemble === undefined ? {} : { controllerEpoch, zookeeper: { servers: ensemble.servers, sessions: ensemble.sessions } },
      };
    }
    case "topics": return { topics: observe(cluster).topics.map(topic => ({ ...topic, partitions: topic.partitions.map(({ logs, ...partition }) => partition) })) };
    case "replicas": return { replicas: observeReplicaOffsets(cluster) };
    case "znodes": return { znodes: observeZnodes(cluster) };
    case "metadata-log": return { metadataLog: observeMetadataLog(cluster) };
    case "files": return { files: observedFiles(cluster) };
    case "facts": return { facts: exportFacts(cluster.simulation.world.trace, 0, false) };
  }
}

/** process -> folder -> files. */
function observedFiles(cluster: Cluster): unknown {
  return Object.fromEntries(cluster.simulation.world.processes.filter(({ disk }) => disk.size > 0).map(({ name }) =>
    [name, Object.fromEntries(observeFolders(cluster, name).map(folder => [folder, observeFiles(cluster, name, folder)]))]));
}

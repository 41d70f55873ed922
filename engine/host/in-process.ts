// The engine in this process: sessions by number behind the coarse interface. The worker exposes the same object to a page.
import type { EngineApi, RunFile, SessionInfo, SpecChanges } from "./api.ts";
import { ENGINE_VERSION } from "./engine-version.ts";
import { validateRun } from "./run-file.ts";
import { Session } from "./session.ts";
import "./text-encoder.ts";
import { AuthorError } from "#engine/cluster/author-error.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { validateCommand } from "#engine/cluster/validate-command.ts";
import { grade } from "#engine/grading/grade.ts";

/** A page needs one, a comparison two, a drill three. */
const SESSIONS_MAX = 16;

export function createEngine(): EngineApi {
  const sessions = new Map<number, Session>();
  let nextId = 1;
  const sessionOf = (id: number): Session => {
    const session = sessions.get(id);
    if (session === undefined) throw unknownSession(id, [...sessions.keys()]);
    return session;
  };
  const openRun = (run: RunFile): SessionInfo => {
    if (sessions.size >= SESSIONS_MAX) throw tooManySessions();
    const session = new Session(nextId, run);
    sessions.set(nextId, session);
    nextId += 1;
    return session.info();
  };
  return {
    engineVersion: ENGINE_VERSION,
    open: run => openRun(validateRun(run)),
    fork: (id, at, changes) => {
      const session = sessionOf(id);
      const run = session.run();
      return openRun(validateRun({
        ...run, spec: changedSpec(run.spec, changes), seed: changes.seed ?? run.seed, inputs: session.inputsUntil(at), until: at,
      }));
    },
    advance: (id, until) => sessionOf(id).advance(until),
    advanceToOutcome: (id, until) => sessionOf(id).advanceToOutcome(until),
    command: (id, command, at) => sessionOf(id).command(validateCommand(command), at),
    nextCall: id => sessionOf(id).nextCall(),
    facts: (id, sinceId, quiet, history) => sessionOf(id).facts(sinceId, quiet ?? false, history),
    why: (id, factId) => sessionOf(id).why(factId),
    observe: (id, at) => sessionOf(id).observe(at),
    openLane: (id, lane) => sessionOf(id).openLane(lane),
    run: id => sessionOf(id).run(),
    digest: id => sessionOf(id).digest(),
    close: id => { sessions.delete(id); },
    grade: (drill, run, final) => {
      const checked = validateRun({ format: "sorting-office-run", engine: ENGINE_VERSION, spec: drill.cluster, ...run });
      return grade(drill, checked, final);
    },
  };
}

/** The spec with other settings: those of the nodes for all of them, those of producers by their names. */
export function changedSpec(spec: ClusterSpec, changes: SpecChanges): ClusterSpec {
  const settings = changes.settings === undefined ? spec.settings : { ...spec.settings, ...changes.settings };
  const producers = spec.producers?.map(producer => {
    const changed = changes.producers?.[producer.id];
    return changed === undefined ? producer : { ...producer, settings: { ...producer.settings, ...changed } };
  });
  const profiled = changes.profile === undefined ? spec : inProfile(spec, changes.profile);
  return { ...profiled, ...settings === undefined ? {} : { settings }, ...producers === undefined ? {} : { producers } };
}

const SERVERS_MAX = 3;

/** In ZooKeeper mode a server beside each of the first three brokers, as the guides have it; controllers of their own are KRaft's. */
function inProfile(spec: ClusterSpec, { kafka, mode }: NonNullable<SpecChanges["profile"]>): ClusterSpec {
  const { zookeeper, quorum, ...rest } = spec;
  if (mode === "kraft") return { ...rest, ...quorum === undefined ? {} : { quorum }, kafka, mode };
  const brokers = spec.nodes.filter(node => node.roles === undefined || node.roles.includes("broker")).map(({ roles, ...node }) => node);
  return { ...rest, kafka, mode, nodes: brokers, zookeeper: zookeeper ?? brokers.slice(0, SERVERS_MAX).map(({ id, host }) => ({ id, host })) };
}

function unknownSession(id: number, known: readonly number[]): AuthorError {
  return new AuthorError({
    code: "unknown-session", where: "session", what: `there is no session ${id}`, expected: `one of ${known.join(", ") || "none"}`, found: String(id),
    cure: "Open a run first.",
  });
}

function tooManySessions(): AuthorError {
  return new AuthorError({
    code: "too-large", where: "session", what: `${SESSIONS_MAX} sessions are open`, expected: `at most ${SESSIONS_MAX}`, found: "one more",
    cure: "Close a session that is no longer looked at.",
  });
}

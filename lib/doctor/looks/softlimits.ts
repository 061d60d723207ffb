/**
 * Limits of a script that end the gate, or hurt it: a runtime is another thing
 * than a program of 1996 (README has the same table).
 *
 * @module
 */
import { error, type Finding, note, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { SoftLimit } from "../script.ts";

const MB = 1 << 20, GB = 1 << 30;
/** What the runtime reserves of addresses. */
const leastAddresses = 66 * GB;
const leastData = GB;
const leastStack = MB;
const leastDescriptors = 20;
const leastTasks = 5;
/** A file that a message of usual size does not fit into. */
const smallFile = 50 * MB;

type Kind = SoftLimit["kind"];

interface Row {
  /** Finds nothing wrong with a limit that is not below. */
  readonly below: number;
  readonly severity: typeof error;
  /** What becomes of the gate. */
  readonly what: string;
  readonly remedy: string;
}

const rows: Readonly<Record<Kind, Row>> = {
  addresses: {
    below: leastAddresses,
    severity: error,
    what:
      "the gate ends before it has said a word: it reserves some 65 GB of " +
      "addresses, though it uses little memory",
    remedy: "take it out; memory is limited by a control group (MemoryMax=)",
  },
  data: {
    below: leastData,
    severity: error,
    what: "the gate ends before it has said a word",
    remedy: `${leastData} (1 GB) or more, or take it out`,
  },
  stack: {
    below: leastStack,
    severity: error,
    what: "the gate ends before it has said a word",
    remedy: `${leastStack} (1 MB) or more; 8 MB is as usual`,
  },
  descriptors: {
    below: leastDescriptors,
    severity: error,
    what: "the gate cannot start",
    remedy: `${leastDescriptors} or more`,
  },
  tasks: {
    below: leastTasks,
    severity: error,
    what: "the gate ends, maybe only later: it has threads",
    remedy: "20 or more, and one for each program of -c",
  },
  file: {
    below: smallFile,
    severity: warning,
    what: "a message that would be longer is answered 452, and a log that is " +
      "a file loses lines",
    remedy: "take it out; --databytes limits messages",
  },
  time: {
    below: Infinity,
    severity: note,
    what:
      "a gate that runs for months reaches it: it is said in the log, and " +
      "the gate goes on",
    remedy: "take it out",
  },
  hardTime: {
    below: Infinity,
    severity: error,
    what: "a gate that runs for months is killed by it",
    remedy: "take it out",
  },
  noExecutable: {
    below: Infinity,
    severity: error,
    what: "the gate ends: the runtime compiles as it runs",
    remedy: "MemoryDenyWriteExecute=no, or take it out",
  },
};

export const softlimits: Look = {
  id: "softlimit",
  summary: "limits in a script that end a gate, or hurt it",
  needs: [],
  find({ script, gates, isOurs }) {
    const path = script?.path ?? null;
    const ofGate = (script?.softLimits ?? []).flatMap((limit) => {
      const found = ofLimit(limit, (what) => what, path);
      // A tcpserver of 1996 can do with little.
      return isOurs ? found : found.map(asLater);
    });
    // In the gate's process there is no program that they could be for.
    const ofPrograms = gates.filter(({ smtpd }) => smtpd !== null)
      .flatMap(({ softLimits }) => softLimits).flatMap((limit) =>
        ofLimit(
          limit,
          (what) =>
            "in front of a PROGRAM that is postern: " +
            what.replace("the gate", "each session").replace(
              "a gate",
              "a session",
            ),
          path,
        )
      );
    return [...ofGate, ...ofPrograms];
  },
};

const asLater = (finding: Finding): Finding => {
  const { severity, what, remedy, where } = finding;
  const later = `once it is postern: ${what}`;
  return (severity === "note" ? note : warning)(later, remedy, where);
};

function ofLimit(
  { kind, value, written }: SoftLimit,
  told: (what: string) => string,
  path: string | null,
): Finding[] {
  const { below, severity, what, remedy } = rows[kind];
  if (value >= below) return [];
  return [severity(`${written}: ${told(what)}`, remedy, path)];
}

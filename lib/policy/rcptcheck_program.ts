/**
 * Asks a program about each recipient (RCPTCHECK).
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { closeDescriptor, openNull } from "../sys/descriptors.ts";
import { spawn } from "../sys/spawn.ts";
import { withoutControls } from "../base/foreign_text.ts";
import type { Policy } from "./question.ts";
import { rcptcheckAnswer, rcptcheckDeferred } from "./rcptcheck.ts";
import { reason } from "../base/reason.ts";
import { ending } from "../sys/ending.ts";

const stderr = 2;

/**
 * Runs `path` without arguments for each recipient, with SENDER and RECIPIENT
 * in its environment, until it says yes (exit 0), no (100) or later (111).
 * Fails closed: a program that cannot be started, is killed, exits otherwise
 * or takes too long (then it is killed) defers, 451.
 *
 * It reads nothing, and what it writes goes to our stderr, the log.
 *
 * @param path not looked up in PATH
 * @param env the connection's, NAME=VALUE byte strings
 * @param emit is told of troubles
 */
export function rcptcheck(
  path: string,
  env: readonly string[],
  seconds: number,
  emit: Emit,
): Policy {
  const inherited = env.filter((entry) => !/^(SENDER|RECIPIENT)=/.test(entry));
  return async ({ sender, recipient }) => {
    try {
      const pid = start(path, [
        ...inherited,
        `SENDER=${withoutControls(sender)}`,
        `RECIPIENT=${withoutControls(recipient)}`,
      ]);
      const status = await ending(pid, seconds);
      if (status === null) {
        emit(trouble(`${path} took more than ${seconds} seconds`));
        return rcptcheckDeferred;
      }
      const answer = rcptcheckAnswer(status);
      if (answer === rcptcheckDeferred) {
        emit(trouble(`${path} defers: wait status ${status}`));
      }
      return answer;
    } catch (error) {
      emit(trouble(`unable to run ${path}: ${reason(error)}`));
      return rcptcheckDeferred;
    }
  };
}

function start(path: string, env: readonly string[]): number {
  // Descriptors 0 and 1 may be the client's: neither reaches the program.
  const nothing = openNull();
  try {
    const descriptors = [[nothing, 0], [stderr, 1]] as const;
    return spawn({ path, args: [path], env, descriptors });
  } finally {
    closeDescriptor(nothing);
  }
}

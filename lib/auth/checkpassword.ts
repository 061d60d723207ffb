/**
 * Asks a program whether a password is right, by the checkpassword interface
 * (cr.yp.to/checkpwd/interface.html).
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { toBytes } from "../base/bytes.ts";
import {
  closeDescriptor,
  openNull,
  pipe,
  writeNow,
} from "../sys/descriptors.ts";
import { spawn } from "../sys/spawn.ts";
import { reason } from "../base/reason.ts";
import type { Login } from "../mail/answers.ts";
import type { Credentials } from "../mail/sasl.ts";
import { ending } from "../sys/ending.ts";

/** Where the program reads user, password and time stamp. */
const secretsFd = 3;
/** The interface's: more than so much is never read. */
const secretsBytes = 512;
const secondsForAnAnswer = 60;

/**
 * Exit code 0 is yes and 1 is no; 2 (misused), 111 (not now), and whatever
 * else happens to the program is "later", with a line in the log.
 *
 * @param args the program's path, and what it is to run when all is well
 * @param env NAME=VALUE byte strings
 * @param emit is told of troubles
 */
export async function checkpassword(
  args: readonly string[],
  env: readonly string[],
  { user, password }: Credentials,
  emit: Emit,
): Promise<Login> {
  const secrets = toBytes(`${user}\0${password}\0Y${Date.now()}\0`);
  if (secrets.length > secretsBytes) return { type: "bad" };
  let pid: number, write: number;
  try {
    ({ pid, write } = start(args, env));
  } catch (error) {
    emit(trouble(`unable to run ${args[0]}: ${reason(error)}`));
    return { type: "later" };
  }
  writeNow(write, secrets); // less than a pipe takes at once
  closeDescriptor(write);
  const status = await ending(pid, secondsForAnAnswer);
  if (status === 0) return { type: "ok" };
  if (status === 1 << 8) return { type: "bad" };
  const how = status === null ? "took too long" : `ended with status ${status}`;
  emit(trouble(`${args[0]} ${how}`));
  return { type: "later" };
}

/** Starts the program; what is written to `write` is what it reads. */
function start(
  args: readonly string[],
  env: readonly string[],
): { pid: number; write: number } {
  const { read, write } = pipe();
  try {
    // Descriptors 0 and 1 may be the client's: neither reaches the program.
    const nothing = openNull();
    try {
      const descriptors = [
        [nothing, 0],
        [nothing, 1],
        [read, secretsFd],
      ] as const;
      return { pid: spawn({ path: args[0], args, env, descriptors }), write };
    } finally {
      closeDescriptor(nothing);
    }
  } catch (error) {
    closeDescriptor(write);
    throw error;
  } finally {
    closeDescriptor(read);
  }
}

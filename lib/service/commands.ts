/**
 * Commands of those who look after services.
 *
 * @module
 */
import { reason } from "../base/reason.ts";

/** As it is told: a script of sh by its $0, which is there for that. */
export const commandText = (command: readonly string[]): string =>
  command[1] === "-c" && command.length > 3 ? command[3] : command.join(" ");

/** How much of what a command says is told. */
const mostSaid = 300;

/** Why it failed; null if it did not. */
export function whyFailed(
  [program, ...args]: readonly string[],
): string | null {
  const command = commandText([program, ...args]);
  try {
    const { code, stderr } = new Deno.Command(program, {
      args,
      cwd: "/",
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).outputSync();
    if (code === 0) return null;
    const said = new TextDecoder().decode(stderr).trim().slice(0, mostSaid);
    return `${command} ended with ${code}${said && `: ${said}`}`;
  } catch (error) {
    return `unable to run ${command}: ${reason(error)}`;
  }
}

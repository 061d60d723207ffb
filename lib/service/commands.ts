/**
 * Commands of those who look after services.
 *
 * @module
 */
import { reason } from "../base/reason.ts";

/** How much of what a command says is told. */
const mostSaid = 300;

/** Why it failed; null if it did not. */
export function whyFailed(
  [program, ...args]: readonly string[],
): string | null {
  const command = [program, ...args].join(" ");
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

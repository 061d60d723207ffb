/**
 * What an administrator is told, as lines for a test to look at.
 *
 * @module
 */
import type { Emit } from "../../lib/base/events.ts";
import { troubleText } from "../../lib/log/tcpserver.ts";

/** Puts the texts of troubles into a list; other events are left out. */
export function into(lines: string[]): Emit {
  return (event) => {
    const text = troubleText(event);
    if (text !== null) lines.push(text);
  };
}

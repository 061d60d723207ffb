/**
 * The lines of this process on stderr: one writer for all gates and logs, so
 * that lines stay whole.
 *
 * @module
 */
import { LineWriter } from "./line_writer.ts";
import { dropped } from "./tcpserver.ts";

export const stderrLines = new LineWriter(
  (bytes) => Deno.stderr.write(bytes),
  dropped,
);

/**
 * Debian's rsyslogd, with a folder of its own.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { peer, until } from "./peers.ts";

/**
 * Runs `fn` while one listens.
 *
 * @param folder where its sockets and its pid file go
 * @param inputs its sockets, with their parameters
 * @param action where it writes, and how (RainerScript)
 */
export async function withRsyslog(
  folder: string,
  inputs: Record<string, string>,
  action: string,
  fn: () => Promise<void>,
): Promise<void> {
  const paths = Object.keys(inputs).map((name) => `${folder}/${name}`);
  const listening = Object.entries(inputs).map(([name, parameters]) =>
    `input(type="imuxsock" Socket="${folder}/${name}" ${parameters})\n`
  );
  await Deno.writeTextFile(
    `${folder}/rsyslog.conf`,
    `module(load="imuxsock" SysSock.Use="off")\n${
      listening.join("")
    }${action}\n`,
  );
  const rsyslogd = new Deno.Command(peer("rsyslogd")!, {
    args: [
      ...["-n", "-f", `${folder}/rsyslog.conf`],
      ...["-i", `${folder}/rsyslog.pid`],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until("rsyslogd listens", () => paths.every(existsSync));
    await fn();
  } finally {
    rsyslogd.kill();
    await rsyslogd.status;
  }
}

/** The lines of a file that it writes to, once there are so many. */
export async function linesOf(path: string, count: number): Promise<string[]> {
  let lines: string[] = [];
  await until(`${count} lines in ${path}`, () => {
    if (!existsSync(path)) return false;
    lines = Deno.readTextFileSync(path).split("\n").slice(0, -1);
    return lines.length >= count;
  });
  return lines;
}

/**
 * What a process with its client's connection as stderr says: nobody hears it,
 * however it is said.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { pairInPython } from "../support/one_connection.ts";
import { needing, output } from "../support/peers.ts";

const module = new URL("../../lib/log/stderr_to_syslog.ts", import.meta.url);

/** Says something in each way that there is, and breaks down. */
const talking = `
import { keepStderrFromClient } from "${module}";
keepStderrFromClient(Deno.args[0] === "serves");
const bytes = new TextEncoder().encode("told");
Deno.stderr.writeSync(bytes);
await Deno.stderr.write(bytes);
console.error("shown");
console.warn("warned");
(await import("node:process")).default.stderr.write("node");
const write = Object.getPrototypeOf(Deno.stderr).writeSync;
write.call(Deno.stderr, bytes);
Deno.stdout.writeSync(new TextEncoder().encode("reply"));
setTimeout(() => { throw new Error("uncaught") });
`;

/**
 * A connection as descriptors 0, 1 and 2, as inetd has it; or as the last
 * alone. Prints what is heard at its other end, of which the kind is told.
 */
const connecting = `
import os, socket, sys
kind, which, *command = sys.argv[1:]
${pairInPython}
pid = os.fork()
if pid == 0:
    nothing = os.open("/dev/null", os.O_RDWR)
    for fd in 0, 1, 2:
        os.dup2(theirs.fileno() if which == "all" or fd == 2 else nothing, fd)
    os.closerange(3, 100)
    os.execv(command[0], command)
theirs.close()
heard = b""
while data := ours.recv(4096):
    heard += data
print(heard.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

async function heard(kind: string, which: "all" | "last", serves: boolean) {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, talking);
    const { stdout, stderr } = await output("python3", [
      ...["-c", connecting, kind, which, Deno.execPath(), "run", "-A"],
      ...["--quiet", "--no-check", "--config"],
      fileURLToPath(new URL("../../deno.json", import.meta.url)),
      ...[file, serves ? "serves" : "not"],
    ]);
    assertEquals(stderr, "");
    return stdout;
  } finally {
    await Deno.remove(file);
  }
}

const needs = { peers: ["python3"] };

Deno.test(
  needing(needs, "a client hears nothing of what is said on stderr"),
  async () => {
    for (const kind of ["IPv4", "IPv6", "unix"]) {
      assertEquals(await heard(kind, "all", true), "reply 1\n");
    }
    assertEquals(await heard("IPv4", "last", false), " 1\n");
  },
);

Deno.test(
  needing(needs, "a unix socket that is nobody's session is a log"),
  async () => {
    // As journald's is, at descriptors 1 and 2.
    const text = await heard("unix", "all", false);
    for (const word of ["told", "shown", "warned", "node", "uncaught"]) {
      assertEquals(text.includes(word), true);
    }
    assertEquals((await heard("unix", "last", true)).includes("told"), true);
  },
);

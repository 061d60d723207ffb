/**
 * A program that has one connection as descriptors 0, 1 and 2, as inetd starts
 * it.
 *
 * @module
 */
import { output } from "./peers.ts";

/** Makes `ours` and `theirs` of a `kind`, in Python. */
export const pairInPython = `
if kind == "unix":
    ours, theirs = socket.socketpair()
else:
    family, host = (socket.AF_INET6, "::1") if kind == "IPv6" else (socket.AF_INET, "127.0.0.1")
    listener = socket.create_server((host, 0), family=family)
    ours = socket.create_connection(listener.getsockname()[:2])
    theirs = listener.accept()[0]
`;

const code = `
import os, socket, sys
kind, *command = sys.argv[1:]
${pairInPython}
pid = os.fork()
if pid == 0:
    for fd in 0, 1, 2:
        os.dup2(theirs.fileno(), fd)
    os.closerange(3, 100)
    os.execv(command[0], command)
theirs.close()
try:
    ours.sendall(b"HELO b\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<c@a.example>\\r\\n")
    ours.sendall(b"DATA\\r\\nSubject: one\\r\\n\\r\\n.\\r\\nQUIT\\r\\n")
    while data := ours.recv(4096):
        os.write(1, data)
except ConnectionError:
    pass # it was closed without a look at that
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** What it is a connection of: the network, or two unix sockets. */
export type Kind = "IPv4" | "IPv6" | "unix";

/**
 * Runs a command, whose client hands in a message for c@a.example.
 *
 * @returns the exit code, and all that the client hears
 */
export async function inConnection(
  kind: Kind,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; heard: string }> {
  const { code: exitCode, stdout } = await output(
    "python3",
    ["-c", code, kind, ...command],
    { env },
  );
  return { code: exitCode, heard: stdout };
}

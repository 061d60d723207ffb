/**
 * The SysV script, whoever calls it: other shells' options, a folder that is
 * gone, descriptors that are closed or wanted elsewhere.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { freePort, plain, withScript } from "../support/init_script.ts";
import { needing, output } from "../support/peers.ts";

/** How a script is called; what is behind it are the script and its verb. */
const callers = [
  'exec sh -efuC "$@"',
  'exec sh "$@" <&- >&-',
  'exec sh "$@" <&- >&- 2>&-',
  'umask 777; exec sh "$@"',
  // A folder that is gone.
  'mkdir -p "$RUN.gone"; cd "$RUN.gone"; rmdir "$RUN.gone"; exec sh "$@"',
  'exec env -i sh "$@"',
  // A reader that has gone.
  '{ sh "$@"; echo "$?" >"$RUN.code"; } | :; exit "$(cat "$RUN.code")"',
];

/** Calls all of it, and looks after each step whether it was done. */
const runsAllOf = (caller: string) =>
  withScript(plain(freePort()), {
    // Several run at once.
    edit: (text, folder) =>
      text.replace(/^subsys=.*$/m, `subsys=${folder}/subsys`),
  }, async ({ path, folder, call }) => {
    const env = { RUN: `${folder}/run` };
    for (
      const [verb, code, status] of [
        ...[["start", 0, 0], ["restart", 0, 0], ["stop", 0, 3]],
      ] as [string, number, number][]
    ) {
      const { code: found, stderr } = await output("sh", [
        ...["-c", caller, "-", path, verb],
      ], { env });
      assertEquals(found, code, `${caller}: ${verb}: ${stderr}`);
      assertEquals((await call("status")).code, status, `${caller}: ${verb}`);
    }
  });

for (const shell of ["dash", "bash", "busybox sh"]) {
  const [program] = shell.split(" ");
  Deno.test(
    needing({ peers: [program] }, `the script by ${program}, whoever calls it`),
    () =>
      Promise.all(
        callers.filter((_, i) => shell === "dash" || i % 2 === 0)
          .map((caller) => runsAllOf(caller.replaceAll(" sh ", ` ${shell} `))),
      ).then(() => {}),
  );
}

Deno.test(
  needing(
    { peers: ["flock"] },
    "what is started keeps nobody's lock or pipe open",
  ),
  () =>
    withScript(plain(freePort()), {}, async ({ path, folder, call }) => {
      const lock = `${folder}/lock`;
      const started = await output("flock", [lock, "sh", path, "start"]);
      assertEquals(started.code, 0);
      assertEquals((await output("flock", ["-n", lock, "true"])).code, 0);
      // debconf has its own descriptor 3; whoever reads it waits for its end.
      const restarted = await output("timeout", [
        ...["20", "sh", "-c", 'sh "$0" restart 3>&1 4>&1 >&2 | cat', path],
      ]);
      assertEquals(restarted.code, 0);
      assertEquals((await call("status")).code, 0);
    }),
);

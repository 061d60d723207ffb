/**
 * Bad weather: what is, or cannot be, where the pidfile should go.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { isServed, programs, quiet } from "../support/weather.ts";

const names = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

for (const workers of ["1", "2"]) {
  const serve = [...quiet, "--workers", workers, "--pidfile"];
  const [, smtpd] = programs[0];

  Deno.test(
    needing({}, `what a stale pidfile says is no matter, ${workers} workers`),
    () =>
      inFolder(async (folder) => {
        const path = `${folder}/pid`;
        // This very process is alive, and is left alone.
        for (const stale of ["999999999\n", `${Deno.pid}\n`, "", "\0\xff"]) {
          await Deno.writeTextFile(path, stale);
          await withGate(
            [...serve, path, "127.0.0.1", "0", ...smtpd],
            {},
            async (gate) => {
              assertEquals(
                await Deno.readTextFile(path),
                `${gate.child.pid}\n`,
              );
              assertEquals(await isServed(gate.port), true);
              assertEquals((await gate.stop()).code, 0);
              assertEquals(names(folder), []);
            },
          );
        }
      }),
  );

  Deno.test(
    needing({}, `a pidfile that cannot be written, ${workers} workers`),
    () =>
      inFolder(async (folder) => {
        await Deno.mkdir(`${folder}/folder`);
        await output("mkfifo", [`${folder}/pipe`]);
        for (
          const [path, why] of [
            [`${folder}/none/pid`, "file does not exist"],
            [`${folder}/folder`, "is a directory"],
            ["/dev/null/pid", "not a directory"],
            [`${folder}/pipe`, "is no regular file"],
          ]
        ) {
          const { code, stdout, stderr } = await output(postern, [
            ...["serve", "-1", ...serve, path, "127.0.0.1", "0", ...smtpd],
          ]);
          assertEquals([code, stdout, stderr], [
            ...[111, "", `tcpserver: fatal: unable to write ${path}: ${why}\n`],
          ]);
          assertEquals(names(folder), ["folder", "pipe"]);
        }
      }),
  );

  Deno.test(
    needing({}, `a failed start leaves no pidfile, ${workers} workers`),
    () =>
      inFolder(async (folder) => {
        const path = `${folder}/pid`;
        const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const { code, stderr } = await output(postern, [
          ...["serve", ...serve, path, "127.0.0.1", `${taken.addr.port}`],
          ...smtpd,
        ]);
        taken.close();
        assertEquals(code, 111);
        assertMatch(stderr, /unable to bind: address already used\n$/);
        assertEquals(names(folder), []);
      }),
  );
}

Deno.test(
  needing({}, "a link in the pidfile's way is not followed"),
  () =>
    inFolder(async (folder) => {
      const target = `${folder}/target`;
      await Deno.writeTextFile(target, "precious");
      await Deno.symlink(target, `${folder}/pid`);
      await withGate(
        [...quiet, "--pidfile", `${folder}/pid`, "127.0.0.1", "0", "cat"],
        {},
        async (gate) => {
          assertEquals(await Deno.readTextFile(target), "precious");
          assertEquals((await gate.stop()).code, 0);
          assertEquals(names(folder), ["target"]);
        },
      );
    }),
);

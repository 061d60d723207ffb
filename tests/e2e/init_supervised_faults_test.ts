/**
 * What runit, daemontools and s6 make of a service that will stay wrong, and
 * of one whose options are in a file.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { OwnMachine } from "../support/own_machine.ts";
import { needing, until } from "../support/peers.ts";
import { freePort } from "../support/relays.ts";
import { init, isRefused, kinds, service } from "../support/supervising.ts";

for (const kind of kinds) {
  const needs = { peers: kind.peers, root: true };

  Deno.test(
    needing(needs, `${kind.name}: what stays wrong is not started for ever`),
    () =>
      OwnMachine.with(async (machine) => {
        await machine.sh("mkdir -p /etc/service /etc/sv");
        const port = String(freePort());
        const made = await machine.run(
          ...init(kind, "--install", "-x", "/etc/none.cdb"),
          ...["127.0.0.1", port, "cat"],
        );
        assertEquals([made.code, made.stderr], [0, ""]);
        // An option of another version.
        await machine.sh(
          `sed -i 's/ serve / serve --nonsense /' ${service}/run`,
        );
        machine.start(...kind.watching);
        await until(
          "the log says why",
          async () => /unknown option/.test(await machine.text(kind.log)),
        );
        if (kind.name === "daemontools") return; // it has no finish
        await until(
          "it is left down",
          async () => (await machine.sh(kind.isUp)).code !== 0,
        );
        const lines = async () =>
          (await machine.text(kind.log)).match(/unknown option/g)!.length;
        const then = await lines();
        await new Promise((resolve) => setTimeout(resolve, 1500));
        assertEquals(await lines(), then);
      }),
  );
}

for (const kind of kinds.filter(({ name }) => name !== "daemontools")) {
  Deno.test(
    needing(
      { peers: kind.peers, root: true },
      `${kind.name}: ready, of a configuration file`,
    ),
    () =>
      OwnMachine.with(async (machine) => {
        await machine.sh("mkdir -p /etc/service /etc/sv");
        const port = freePort();
        const config = [
          ...['pidfile = "/run/of-file.pid"', "verbose = true"],
          ...["[[listen]]", 'host = "127.0.0.1"', `port = ${port}`],
          'program = ["cat"]',
        ].join("\n");
        await machine.sh(`echo '${config}' >/etc/gate.toml`);
        // Of a life before this one.
        await machine.sh("echo 1 >/run/of-file.pid");
        const put = await machine.run(
          ...init(kind, "--install", "--config", "/etc/gate.toml"),
        );
        assertEquals([put.code, put.stderr], [0, ""]);
        machine.start(...kind.watching);
        await until(
          "it is ready",
          async () => (await machine.sh(kind.ready)).code === 0,
        );
        assert(!await isRefused(port), "it listens");
        const pid = (await machine.text("/run/of-file.pid")).trim();
        assertEquals((await machine.sh(kind.pid)).stdout.trim(), pid);
      }),
  );
}

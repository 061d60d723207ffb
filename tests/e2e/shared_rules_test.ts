/**
 * The same rules on several gates: rsync brings a new database to each of them
 * while connections come, and each connection is decided by the old one or by
 * the new one, never by a part of one or by none.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { TestGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const changes = 12;
/** With so many lines a database is written in many pieces. */
const lines = Array.from(
  { length: 20_000 },
  (_, i) => `10.${i >> 8}.${i & 255}.1:deny`,
).join("\n");

/** Friends are let in by each, enemies by none; one is by every other. */
const text = (turn: number) =>
  `${lines}
127.0.0.2:allow,TURN="${turn}"
127.0.0.3:${turn % 2 ? "deny" : "allow"}
127.0.0.4:deny
:deny
`;

async function ask(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await output(program, args);
  assertEquals(code, 0, `${program} ${args.join(" ")}: ${stderr}`);
}

/** Whether somebody is let in, and what for; a program says its TURN. */
async function asked(gate: TestGate, from: string): Promise<string | null> {
  const { code, stdout } = await output("curl", [
    ...["-s", "-m", "5", "--interface", from],
    `telnet://127.0.0.1:${gate.port}`,
  ]);
  return code === 0 && stdout !== "" ? stdout.trim() : null;
}

Deno.test(
  needing(
    { peers: ["rsync", "curl"] },
    "rsync replaces the rules of three gates while connections come",
  ),
  () =>
    inFolder(async (folder) => {
      const make = async (turn: number) => {
        await Deno.writeTextFile(`${folder}/rules`, text(turn));
        const at = ["-o", `${folder}/rules.cdb`, `${folder}/rules`];
        await ask(postern, "rules", "compile", ...at);
      };
      const places = [1, 2, 3].map((i) => `${folder}/gate${i}`);
      const bring = () =>
        Promise.all(places.map((place) =>
          ask("rsync", "--checksum", `${folder}/rules.cdb`, `${place}/`)
        ));
      for (const place of places) {
        await Deno.mkdir(place);
      }
      await make(0);
      await bring();
      const gates = await Promise.all(places.map((place) =>
        TestGate.start([
          ...["-qRHl0", "-x", `${place}/rules.cdb`, "127.0.0.1", "0"],
          ...["sh", "-c", 'echo "turn $TURN"'],
        ])
      ));
      try {
        let turn = 0, isOver = false, connections = 0;
        /** The turn that a gate had when it was asked last. */
        const seen = gates.map(() =>
          0
        );
        const wrong: string[] = [];
        const traffic = gates.map(async (gate, i) => {
          while (!isOver) {
            const friend = await asked(gate, "127.0.0.2");
            const now = Number(friend?.replace("turn ", ""));
            if (friend === null || !(now >= seen[i] && now <= turn)) {
              wrong.push(`gate ${i + 1}: a friend hears ${friend} in ${turn}`);
            }
            seen[i] = now;
            for (const enemy of ["127.0.0.4", "127.0.0.5"]) {
              const said = await asked(gate, enemy);
              if (said !== null) wrong.push(`${enemy} hears ${said}`);
            }
            connections += 3;
          }
        });
        for (turn = 1; turn <= changes; turn++) {
          await make(turn);
          await bring();
        }
        turn = changes;
        isOver = true;
        await Promise.all(traffic);
        assertEquals(wrong, []);
        assert(connections > changes, `${connections} connections`);
        // From the moment that it is there the new one decides, everywhere.
        for (turn = changes + 1; turn <= changes + 2; turn++) {
          await make(turn);
          await bring();
          for (const gate of gates) {
            assertEquals(await asked(gate, "127.0.0.2"), `turn ${turn}`);
            const sometimes = await asked(gate, "127.0.0.3");
            assertEquals(sometimes !== null, turn % 2 === 0);
          }
        }
      } finally {
        await Promise.all(gates.map((gate) => gate.stop("SIGKILL")));
      }
    }),
);

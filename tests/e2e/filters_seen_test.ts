/**
 * What filters have decided is seen: in the mail log, by trace, in metrics, on
 * the status page and by top.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { says } from "../support/milter.ts";
import { send, withMilterGate } from "../support/milter_gate.ts";
import { needing, output, postern, until } from "../support/peers.ts";
import { freePort } from "../support/relays.ts";

Deno.test(
  needing({}, "what a milter has decided is seen everywhere"),
  async () => {
    const place = `127.0.0.1:${freePort()}`;
    await withMilterGate({
      gate: ["--metrics", place],
      script: (sender) => ({
        at: {
          R: sender === "<r@sender.example>" ? [["r"]] : [["c"]],
          E: sender === "<d@sender.example>"
            ? [["d"]]
            : sender === "<q@sender.example>"
            ? [says.quarantine("odd"), ["c"]]
            : [says.add("X-Seen", "1"), ["c"]],
        },
      }),
    }, async ({ gate, milter }) => {
      for (const name of ["p", "q", "d", "r"]) {
        await send(gate.port, { sender: `${name}@sender.example` });
      }
      const name = `milter:${milter.address}`;
      for (
        const [answer, remark] of [
          ["pass", "header edits: 1"],
          ["folder", "header edits: 1, quarantined: odd"],
          ["discard", ""],
          ["never", "rejected by a filter"],
        ]
      ) {
        await gate.logged(
          new RegExp(
            ` filter\\.answered .* client=127\\.0\\.0\\.1 .*filter=${name} ` +
              `answer=${answer} filter_ms=\\d+ remark="?${remark}"?\n`,
          ),
        );
      }
      await gate.logged(new RegExp(` recipient\\.refused .* by=${name} `));
      await gate.logged(/ message\.stored .*queued=discarded-by-milter:/);
      const [, id] = / id=(\S+) .*answer=folder/.exec(gate.log)!;
      const { stdout } = await output(postern, ["trace", id], {
        stdin: gate.log,
        env: { NO_COLOR: "1" },
      });
      assertMatch(stdout, new RegExp(`${name} says folder .*quarantined: odd`));
      const url = `http://${place}`;
      const text = async (path: string) =>
        await (await fetch(`${url}/${path}`)).text();
      await until(
        "all are counted",
        async () =>
          (await text("metrics")).includes(
            `postern_filter_answers_total{filter="${name}",answer="never"} 1`,
          ),
      );
      const metrics = await text("metrics");
      for (const answer of ["pass", "folder", "discard"]) {
        assert(
          metrics.includes(
            `postern_filter_answers_total{filter="${name}",answer="${answer}"} 1`,
          ),
        );
      }
      assertMatch(
        metrics,
        /postern_filter_seconds_count\{filter="milter:.*\} 4/,
      );
      const page = await text("");
      const row = new RegExp(
        `<th scope="row">${name}</th>\\s*<td class="short">4</td>` +
          `\\s*<td class="short">3</td>`,
      );
      assertMatch(page, row);
      const top = await output(postern, ["top", "--once", place]);
      assertEquals(top.code, 0, top.stderr);
      assertMatch(top.stdout, new RegExp(`${name} +asked 4, minded 3, `));
    });
  },
);

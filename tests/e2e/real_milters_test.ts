/**
 * Milters of others, in front of a gate.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { toBytes } from "../../lib/base/bytes.ts";
import { withGate } from "../support/gate.ts";
import { send, serve, stored, taken } from "../support/milter_gate.ts";
import { inFolder, needing } from "../support/peers.ts";
import {
  type DkimKey,
  makeKey,
  virus,
  withClamav,
  withOpenDkim,
  withOpenDmarc,
} from "../support/real_milters.ts";
import { rspamdPeers, withRspamd } from "../support/rspamd.ts";

/** Runs `fn` with a gate that asks them; it has a Maildir in the folder. */
function withMilters(
  folder: string,
  sockets: readonly string[],
  fn: (port: number, maildir: string, log: () => string) => Promise<void>,
  more: readonly string[] = [],
): Promise<void> {
  const maildir = `${folder}/Maildir`;
  const milters = sockets.flatMap((each) => ["--milter", each]);
  return withGate(
    [...serve, "--maildir", maildir, ...milters, ...more],
    {},
    (gate) => fn(gate.port, maildir, () => gate.log),
  );
}

/** What a verifier that is not ours says of a signature. */
async function verified(text: string, { record }: DkimKey): Promise<string> {
  const { results } = await dkimVerify(
    new TextDecoder("latin1").decode(toBytes(text)).replaceAll("\n", "\r\n"),
    { resolver: () => Promise.resolve([[record]]) },
    // deno-lint-ignore no-explicit-any
  ) as any;
  return results[0]?.status?.result ?? "none";
}

const texts = [
  "From: bob@sender.example\nSubject: hello\n\nbody\n",
  "From: bob@sender.example\nSubject:hello\n\tagain\nTo:  x\n\n.dot\n\n\n",
  "Subject: x\nSubject: y\nFrom : <bob@sender.example>\n\n",
  `From: bob@sender.example\n\n${`${"x".repeat(900)}\n`.repeat(200)}`,
  "From: bob@sender.example\nno field\nbody\n",
];

Deno.test(
  needing(
    { peers: ["opendkim"] },
    "opendkim signs, and verifies what it has signed",
  ),
  () =>
    inFolder(async (folder) => {
      const key = await makeKey(folder);
      await withOpenDkim(folder, "s", key, (signer) =>
        withOpenDkim(folder, "v", key, async (verifier) => {
          const signed: string[] = [];
          await withMilters(folder, [signer], async (port, maildir, log) => {
            for (const text of texts) {
              assertMatch(await send(port, { text }), /^250 /, log());
              const [kept] = taken(maildir);
              assertMatch(kept, /^DKIM-Signature: v=1; /m, kept);
              assertEquals(await verified(kept, key), "pass", kept);
              signed.push(kept.slice(kept.indexOf("DKIM-Signature:")));
            }
          });
          await withMilters(folder, [verifier], async (port, maildir, log) => {
            for (const text of signed) {
              assertMatch(await send(port, { text }), /^250 /, log());
              assertMatch(
                taken(maildir)[0],
                /^Authentication-Results: [^]*?dkim=pass [^]*?header\.d=sender\.example/m,
              );
            }
            const forged = signed[0].replace("\n\nbody", "\n\nbad");
            assertMatch(await send(port, { text: forged }), /^250 /);
            assertMatch(taken(maildir)[0], /dkim=fail/);
          });
        }));
    }),
);

Deno.test(
  needing(
    { peers: ["opendmarc"] },
    "opendmarc reads what --authentication-results says",
  ),
  () =>
    inFolder((folder) =>
      withOpenDmarc(
        folder,
        (socket) =>
          withMilters(folder, [socket], async (port, maildir, log) => {
            assertMatch(await send(port, { text: texts[0] }), /^250 /, log());
            const [kept] = stored(maildir);
            assertMatch(kept, /^DMARC-Filter: OpenDMARC /m);
            assertMatch(
              kept,
              /^Authentication-Results: mx\.example\.org;(?: |\n\t)dmarc=/m,
            );
          }, ["--authentication-results"]),
      )
    ),
);

Deno.test(
  needing(
    { peers: ["clamd", "clamav-milter"] },
    "clamav-milter refuses a virus",
  ),
  () =>
    inFolder((folder) =>
      withClamav(
        folder,
        (socket) =>
          withMilters(folder, [socket], async (port, maildir, log) => {
            assertMatch(await send(port), /^250 /, log());
            assertMatch(stored(maildir)[0], /^X-Virus-Status: Clean$/m);
            assertEquals(
              await send(port, { text: `Subject: a\n\n${virus}\n` }),
              "550 5.7.1 a virus: Own.Test.UNOFFICIAL",
            );
            assertEquals(stored(maildir).length, 1);
          }),
      )
    ),
);

Deno.test(
  needing(
    { peers: rspamdPeers },
    "rspamd as a milter does what it does when asked by HTTP",
  ),
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/rspamd`);
      await withRspamd(`${folder}/rspamd`, async ({ port, milterPort }) => {
        const wants = [
          ...["", "reject", "soft reject", "greylist", "add header"],
          ...["rewrite subject"],
        ];
        const outcomes = async (asked: string[]) => {
          const found: string[] = [];
          await withMilters(folder, [], async (gate, maildir) => {
            for (const want of wants) {
              const text = "From: bob@sender.example\nSubject: hello\n" +
                "X-Bad: 1\nX-bad: 2\nX-Reply: 1\n" +
                (want === "" ? "" : `X-Want: ${want}\n`) + "\nbody\n";
              const said = await send(gate, { text });
              const [kept = ""] = taken(maildir);
              found.push(`${want}: ${said[0]}\n${withoutOurs(kept)}`);
            }
          }, asked);
          return found;
        };
        const byHttp = await outcomes(["--rspamd", `127.0.0.1:${port}`]);
        const byMilter = await outcomes([
          "--milter",
          `127.0.0.1:${milterPort}`,
        ]);
        assertEquals(byMilter, byHttp);
        assert(byHttp[0].includes("X-Added: one"));
      });
    }),
);

/**
 * Without what no two deliveries have alike, and what the milter leaves out
 * where it has rewritten the subject.
 */
const withoutOurs = (text: string) =>
  text.replace(/^Received: .*\n(?:[ \t].*\n)+/m, "OURS\n")
    .replace(/(\*\*\* SPAM[^]*)X-Spam: Yes\n/, "$1");

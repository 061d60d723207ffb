/**
 * Forged ends of messages over the wire: each form whole and split at every
 * byte, in process, in both dialects and with --normalize-lf.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  forms,
  lfForms,
  printable,
  smuggled,
  transaction,
} from "../smtp/end_of_data_forms.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

/** How it is stored. */
const lines = smuggled.replaceAll("\r\n", "\n");

/** For what was sent to arrive as a segment of its own. */
const segmentMs = 3;

/** The text whole, and in two pieces at each place in and around the form. */
function* cuts(form: string): Generator<string[]> {
  const text = `text${form}${smuggled}.\r\nQUIT\r\n`;
  yield [text];
  for (let at = 4; at <= 4 + form.length; at++) {
    yield [text.slice(0, at), text.slice(at)];
  }
}

/** Everything that is said after the 354, until the server closes. */
async function afterData(port: number, pieces: string[]): Promise<string> {
  const client = await SmtpClient.connect(port);
  (client.conn as Deno.TcpConn).setNoDelay(true);
  await client.reply();
  for (const line of transaction.trimEnd().split("\r\n")) {
    assertMatch(await client.ask(line), /^[23]/);
  }
  for (const piece of pieces) {
    try {
      await client.send(Uint8Array.from(piece, (c) => c.charCodeAt(0)));
    } catch {
      break; // it was cut off
    }
    await new Promise((over) => setTimeout(over, segmentMs));
  }
  const said = await client.rest();
  client.close();
  return said;
}

/** By options: what the form is in the text, null if it is refused. */
const dialects: Record<string, (form: string) => string | null> = {
  "": () => null,
  "--classic": (form) => forms[form],
  "--normalize-lf": (form) => lfForms.includes(form) ? "\n\n" : null,
};

for (const [options, textFor] of Object.entries(dialects)) {
  Deno.test(
    needing({}, `forged ends of messages ${options}`),
    () =>
      inFolder((folder) =>
        withGate(
          [
            ...["-RHl0", "127.0.0.1", "0", "smtpd"],
            ...(options ? [options] : []),
            ...["--rcpthosts", "example.com", "--maildir", `${folder}/Maildir`],
          ],
          {},
          async (gate) => {
            const stored = () =>
              [...Deno.readDirSync(`${folder}/Maildir/new`)].map(({ name }) =>
                Deno.readTextFileSync(`${folder}/Maildir/new/${name}`)
              );
            const expected: string[] = [];
            for (const form of Object.keys(forms)) {
              const text = textFor(form);
              for (const pieces of cuts(form)) {
                const what = `${printable(form)} as ${pieces.length}`;
                const said = await afterData(gate.port, pieces);
                if (text !== null) {
                  assertMatch(said, /^250 .*ok.*\r\n221 .*\r\n$/, what);
                  expected.push(`text${text}${lines}`);
                } else if (options === "--classic") {
                  assertEquals(
                    said,
                    "451 See https://cr.yp.to/docs/smtplf.html.\r\n",
                    what,
                  );
                } else assertMatch(said, /^554 5\.6\.0 [^\r\n]*\r\n$/, what);
              }
            }
            // Each is one message, whose text holds what was to be a second.
            const texts = stored().map((message) =>
              message.replace(/^(?:.*\n){2}Received: .*\n {2}by .*\n/, "")
            );
            assertEquals(texts.sort(), expected.sort());
          },
        )
      ),
  );
}

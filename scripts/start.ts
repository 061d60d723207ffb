/**
 * `deno task start [PORT]`: the gate on this machine alone, with an example
 * rules file, delivering to ./Maildir. Wants no configuration and no rights.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { run as rules } from "../cmd/rules.ts";
import { run as serve } from "../cmd/serve.ts";
import { Fatal } from "../lib/base/fatal.ts";
import { quote } from "../lib/service/service.ts";

const exampleRules =
  `# Who may connect, and who may relay. See README.md, "Rules".
# This machine may send to everywhere; whoever else comes, only to us.
127.:allow,RELAYCLIENT=""
:allow
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}.postern`;
const text = `${folder}/rules`;
const cdb = `${folder}/rules.cdb`;

/** A client that most machines have, as a line to type. */
function firstMessage(port: string): string {
  const server = `127.0.0.1:${port}`;
  return `printf 'Subject: hello\\n\\nIt works.\\n' | curl --crlf --url smtp://${server} \\
      --mail-from you@example.com --mail-rcpt friend@example.org --upload-file -`;
}

/**
 * Calls back once the gate says that it serves, as it tells a supervisor.
 *
 * @returns what gives that up
 */
function whenOn(tell: () => void): () => void {
  const path = `${folder}/ready-${Deno.pid}`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  Deno.env.set("NOTIFY_SOCKET", path);
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    socket.close();
    Deno.removeSync(path);
  };
  (async () => {
    for await (const [said] of socket) {
      if (!new TextDecoder().decode(said).includes("READY=1")) continue;
      tell();
      end();
    }
  })();
  return end;
}

async function start(port: string): Promise<number> {
  Deno.mkdirSync(folder, { recursive: true });
  try {
    Deno.writeTextFileSync(text, exampleRules, { createNew: true });
  } catch (error) {
    // An administrator's changes stay.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  await rules(["compile", "-o", cdb, text], "postern rules");
  const maildir = `${Deno.cwd()}/Maildir`;
  // By then the gate has closed stdout, as tcpserver does.
  const giveUp = whenOn(() =>
    console.error(`postern: the gate is on, 127.0.0.1:${port}; Ctrl-C stops it

Send a first message from another terminal:

  ${firstMessage(port)}

It lands in ${maildir}/new. Who may do what is in ${text};
after a change: scripts/deno run -A main.ts rules compile -o ${quote(cdb)} ${
      quote(text)
    }
`)
  );
  try {
    return await serve(
      [
        "-vRHl",
        Deno.hostname(),
        "-x",
        cdb,
        "127.0.0.1",
        port,
        "smtpd",
        "--deliver",
        `maildir:${maildir}`,
      ],
      "postern serve",
    );
  } finally {
    giveUp();
  }
}

try {
  Deno.exit(await start(Deno.args[0] ?? "2525"));
} catch (error) {
  if (!(error instanceof Fatal)) throw error;
  console.error(error.lines("postern"));
  Deno.exit(error.exitCode);
}

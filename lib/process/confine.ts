/**
 * `--confine`: the way from a process that was started with everything to one
 * that has what it needs, which is this program again, under the same process
 * id.
 *
 * @module
 */
import { reason } from "../base/reason.ts";
import { dropBounding } from "../sys/capabilities.ts";
import { bindThread, executeAnew, holdSignals } from "../sys/confine.ts";
import { type HandedFiles, handFiles } from "../sys/handed_files.ts";
import { handLog } from "../sys/handed_log.ts";
import { handText } from "../sys/handed_text.ts";
import { SIGCHLD } from "../sys/numbers.ts";
import { nameOurselves } from "../sys/quiet_children.ts";
import { spawnOnlyOurs } from "../sys/spawn.ts";
import type { Block } from "./block.ts";
import type { Confinement } from "./confinement.ts";
import { attempt, fatal } from "./fatal.ts";
import { handOpened, type Opened, openFirst } from "./opened.ts";
import type { ProcessOptions } from "./options.ts";
import { Pidfile } from "./pidfile.ts";
import { dropIds } from "./privileges.ts";
import type { WorkerPart } from "./worker_role.ts";

/** Folders of mail are nobody else's (makeFolder in lib/deliver/folder.ts). */
const folderMode = 0o700;

/**
 * Opens what the ids are for, gives them up, and executes this program anew.
 *
 * @param part of a worker; null in a process of its own
 * @param config text of the --config file, to be handed on; null for none
 * @param files that the ids cannot read, to be handed on too; null for none
 * @throws Fatal
 */
export async function confineItself(
  options: ProcessOptions,
  blocks: readonly Block[],
  confinement: Confinement,
  part: WorkerPart | null,
  config: string | null,
  files: HandedFiles | null,
): Promise<never> {
  const { sockets, pidfile } = await openFirst(options, blocks, part);
  try {
    handMailLog(options);
    dropBounding(confinement.kept);
    dropIds(options);
    confinement.folders.forEach(makeFolder);
    return attempt("confine this process", () => {
      const missing = bindThread(confinement);
      const runsNone = confinement.permits !== null;
      handOpened({
        sockets,
        pidfile,
        runsNone,
        hasDropped: options.uid !== 0 || options.gid !== 0,
        troubles: missing.map((what) => `unable to confine by ${what}`),
      });
      if (config !== null) handText(config);
      if (files !== null) handFiles(files);
      if (!runsNone) holdSignals(SIGCHLD);
      executeAnew();
    });
  } catch (error) {
    if (pidfile !== null) Pidfile.again(pidfile).remove();
    throw error;
  }
}

/** What has come of that, for the rest of this process. */
export function startConfined({ runsNone }: Opened): void {
  nameOurselves();
  if (runsNone) spawnOnlyOurs();
}

/** Only root may be able to open it. Throws Fatal. */
function handMailLog({ mailLog }: ProcessOptions): void {
  if (mailLog.type !== "file") return;
  const { path } = mailLog;
  try {
    handLog(path);
  } catch (error) {
    throw fatal(`--mail-log: unable to write ${path}: ${reason(error)}`, error);
  }
}

function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: folderMode });
  } catch {
    // Whoever delivers there says what is wrong.
  }
}

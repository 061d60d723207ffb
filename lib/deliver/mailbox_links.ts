/**
 * The symbolic links by which mailboxes that are there would not be used
 * (`--check`).
 *
 * @module
 */
import type { MailboxPath } from "./mailbox.ts";
import { LinkError } from "./maildir_folders.ts";

/** A machine may have more users than anybody waits for. */
const mostLooks = 20_000;

/** Each that is found, as far as is looked. */
export function* mailboxLinks(mailboxes: MailboxPath): Generator<LinkError> {
  const { prefix, root, isFixed } = mailboxes;
  const start = isFixed ? `${root}/` : prefix;
  let looks = 0;
  function* below(
    path: string,
    [fits, ...rest]: readonly RegExp[],
  ): Generator<LinkError> {
    for (const { name, isSymlink, isDirectory } of entriesOf(path)) {
      if (!fits.test(name)) continue;
      if (++looks > mostLooks) return;
      if (isSymlink) yield new LinkError(path + name);
      else if (isDirectory && rest.length > 0) {
        yield* below(`${path}${name}/`, rest);
      }
    }
  }
  yield* below(start, [...mailboxes.patterns, /^(tmp|new)$/]);
}

function entriesOf(path: string): Iterable<Deno.DirEntry> {
  try {
    return [...Deno.readDirSync(path || ".")];
  } catch {
    return []; // what cannot be listed can be used all the same
  }
}

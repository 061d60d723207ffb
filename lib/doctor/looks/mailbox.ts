/**
 * Whether mailboxes can be written to by whoever serves, folders on the way
 * included. Worked out by their modes, so that who looks need not be root.
 *
 * @module
 */
import type { NeededFolder } from "../../base/reach.ts";
import { parentOf } from "../../base/path.ts";
import { accessOf, making, remedyFor, type Use } from "../access.ts";
import { userName } from "../accounts.ts";
import { error, type Finding, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { Ids } from "../patient.ts";
import { targetReach } from "../targets.ts";
import { absolute, namesIn, statOf } from "../words.ts";

/** A Maildir's folders that are written to. */
const parts = ["tmp", "new"];

export const mailbox: Look = {
  id: "mailbox",
  summary: "Maildirs: writable as the user who serves, with the way to them",
  needs: ["smtpd"],
  find({ gates, env, server }) {
    if (server === null) {
      return [
        unseen(
          "who serves is not known, so mailboxes were not looked at",
          "--uid USER",
        ),
      ];
    }
    const folders = gates.flatMap(({ smtpd }) =>
      smtpd ? targetReach(smtpd, env).writes : []
    );
    const found = folders.flatMap((each) => [
      ...ofFolder(each, server),
      ...ofMailboxes(each, server),
      ...ofNobody(each, server),
    ]);
    return [...new Map(found.map((each) => [each.what, each])).values()];
  },
};

function ofFolder(
  { path, isMade, isOthers }: NeededFolder,
  server: Ids,
): Finding[] {
  const root = absolute(path);
  const inside = parts.map((part) => `${root}/${part}`)
    .filter((part) => statOf(part) !== null);
  if (inside.length > 0) {
    return inside.flatMap((each) =>
      ofAccess(each, ["write", "search"], server)
    );
  }
  // Of a recipient's mailbox nothing is known: the way to it has to be open.
  if (isOthers || !isMade && statOf(root) !== null) {
    return ofAccess(root, ["search"], server);
  }
  let there = root;
  while (statOf(there) === null && parentOf(there) !== there) {
    const access = accessOf(there, server);
    if (access.type !== "missing") break; // we may not see it
    there = parentOf(there);
  }
  return ofAccess(there, ["write", "search"], server, root);
}

/** A machine may have more users than anybody waits for. */
const mostLooks = 20_000;
/** Of a thousand of a kind the first will do. */
const mostTold = 5;

/** The mailboxes of recipients that are there already. */
function ofMailboxes(
  { path, patterns = [] }: NeededFolder,
  server: Ids,
): Finding[] {
  if (patterns.length === 0) return [];
  const found: Finding[] = [];
  for (const box of mailboxesIn(absolute(path), patterns, { looks: 0 })) {
    const [first] = parts.flatMap((part) =>
      ofAccess(`${box}/${part}`, ["write", "search"], server)
    );
    if (first) found.push(first);
  }
  const more = found.length - mostTold;
  return more <= 0 ? found : [
    ...found.slice(0, mostTold),
    error(
      `${more} more mailboxes cannot be delivered into`,
      "the same for them",
      path,
    ),
  ];
}

/** Where each has a folder, that is made by an administrator. */
function ofNobody(
  { path, isMade, patterns = [] }: NeededFolder,
  server: Ids,
): Finding[] {
  // Beneath the last that a recipient names, a delivery makes what is missing.
  const last = patterns.findLastIndex(({ source }) => source.includes(".+"));
  const root = absolute(path);
  if (isMade || last === -1) return [];
  if (hasFolder(root, patterns.slice(0, last + 1)) !== false) return [];
  return [warning(
    `nobody has a mailbox yet: a recipient has one who has a folder there, ` +
      "and all others are refused",
    `${
      making(`${root.replace(/\/$/, "")}${"/NAME".repeat(last + 1)}`, server)
    } for each`,
    root,
  )];
}

/** Whether a folder fits; null where it cannot be seen. */
function hasFolder(
  folder: string,
  [fits, ...rest]: readonly RegExp[],
): boolean | null {
  if (fits === undefined) return true;
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      const inside = `${folder.replace(/\/$/, "")}/${name}`;
      if (!fits.test(name) || name.startsWith(".")) continue;
      if (!statOf(inside)?.isDirectory) continue;
      const found = hasFolder(inside, rest);
      if (found !== false) return found;
    }
    return false;
  } catch {
    return null; // not for us to see, or not there: --check says so
  }
}

function* mailboxesIn(
  folder: string,
  [fits, ...rest]: readonly RegExp[],
  count: { looks: number },
): Generator<string> {
  if (fits === undefined) {
    const isMaildir = parts.some((part) => statOf(`${folder}/${part}`));
    if (isMaildir) yield folder;
    return;
  }
  for (const name of namesIn(folder)) {
    if (!fits.test(name) || name.startsWith(".")) continue;
    if (++count.looks > mostLooks) return;
    const inside = `${folder.replace(/\/$/, "")}/${name}`;
    if (statOf(inside)?.isDirectory) yield* mailboxesIn(inside, rest, count);
  }
}

/** @param wanted a folder that is to be made there */
function ofAccess(
  path: string,
  uses: Use[],
  server: Ids,
  wanted = path,
): Finding[] {
  const access = accessOf(path, server, ...uses);
  const who = userName(server.uid);
  switch (access.type) {
    case "allowed":
    case "missing": // it is made, or --check says so
      return [];
    case "denied":
      return [error(
        `${who} cannot deliver into ${wanted}: no right to ${access.lacks} ` +
          `${access.path} (mode ${access.mode.toString(8)})`,
        wanted !== path && access.lacks === "write"
          ? making(wanted, server)
          : remedyFor(access, server),
        wanted,
      )];
    case "unseen":
      return [unseen(
        `whether ${who} can deliver: ${access.path}: ${access.why}`,
        "look as root",
        path,
      )];
  }
}

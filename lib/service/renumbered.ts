/**
 * Links of runlevels that somebody has called otherwise, as insserv,
 * update-rc.d and chkconfig do: another number, or K for S.
 *
 * @module
 */
import type { Item } from "./record.ts";

/**
 * Other links to the same script in the folder of one that was put.
 *
 * @param root what stands before each path
 */
export function renumbered(root: string, item: Item): string[] {
  if (item.kind !== "link" || item.put.kind !== "link") return [];
  const { to } = item.put;
  const [, folder, own, name] =
    /^(.*\/rc\d\.d)\/([SK]\d\d)(.+)$/.exec(item.path) ?? [];
  if (folder === undefined) return [];
  try {
    return [...Deno.readDirSync(root + folder)]
      .filter((each) =>
        each.isSymlink && each.name !== own + name &&
        /^[SK]\d\d/.test(each.name) && each.name.slice(3) === name &&
        Deno.readLinkSync(`${root}${folder}/${each.name}`) === to
      )
      .map((each) => `${folder}/${each.name}`);
  } catch {
    return []; // the folder is gone, and they with it
  }
}

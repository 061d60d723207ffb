/**
 * Users by number, as /etc/passwd has them.
 *
 * @module
 */
import { textOf } from "./words.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export function accounts(): Account[] {
  return (textOf("/etc/passwd") ?? "").split("\n").map((line) =>
    line.split(":")
  ).filter((fields) => fields.length > 3).map(([name, , uid, gid]) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
  }));
}

export const accountOf = (name: string): Account | null =>
  accounts().find((each) => each.name === name) ?? null;

/** Numbers of groups, as /etc/group has them. */
export const groupIds = (): number[] =>
  (textOf("/etc/group") ?? "").split("\n").map((line) => line.split(":"))
    .filter((fields) => fields.length > 2).map(([, , gid]) => Number(gid));

/** `qmaild`, or the number where it has no name. */
export const userName = (uid: number): string =>
  accounts().find((each) => each.uid === uid)?.name ?? `uid ${uid}`;

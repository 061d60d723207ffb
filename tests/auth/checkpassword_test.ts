import { into } from "../support/troubles.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { checkpassword } from "../../lib/auth/checkpassword.ts";
import { closeDescriptor, pipe } from "../../lib/sys/descriptors.ts";
import { descriptorLimit, raiseDescriptorLimit } from "../../lib/sys/rlimit.ts";

const credentials = { user: "u", password: "p" };

/** Runs `fn` where so many descriptors may be opened, and no more. */
async function withFew<T>(count: number, fn: () => Promise<T>): Promise<T> {
  const { soft } = descriptorLimit();
  const { read, write } = pipe();
  for (const fd of [read, write]) closeDescriptor(fd);
  raiseDescriptorLimit(read + count);
  try {
    return await fn();
  } finally {
    raiseDescriptorLimit(soft);
  }
}

for (const count of [0, 1, 2]) {
  Deno.test(`checkpassword() is "later", and loses none, where there are ${count} descriptors`, async () => {
    const log: string[] = [];
    const before = pipe();
    for (const fd of [before.read, before.write]) closeDescriptor(fd);
    const login = await withFew(
      count,
      () => checkpassword(["/bin/true"], [], credentials, into(log)),
    );
    assertEquals(login, { type: "later" });
    assertMatch(log.join("\n"), /^unable to run \/bin\/true: process file/);
    const after = pipe();
    for (const fd of [after.read, after.write]) closeDescriptor(fd);
    assertEquals(after, before); // the lowest free numbers
  });
}

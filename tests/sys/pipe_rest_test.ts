import { assertEquals, assertThrows } from "@std/assert";
import { closeDescriptor, pipe, writeSome } from "../../lib/sys/descriptors.ts";
import { openDescriptors, readNow } from "../../lib/sys/descriptors.ts";
import { SystemError } from "../../lib/sys/libc.ts";
import { PipeRest } from "../../lib/sys/pipe_rest.ts";
import { descriptorLimit, raiseDescriptorLimit } from "../../lib/sys/rlimit.ts";

for (const read of [0, 1, 5]) {
  Deno.test(`PipeRest tells what is left of 5 bytes when ${read} are read`, () => {
    const before = openDescriptors().length;
    const ends = pipe();
    writeSome(ends.write, new Uint8Array(5));
    const rest = new PipeRest(ends.write);
    closeDescriptor(ends.write);
    assertEquals(readNow(ends.read, read).length, read);
    closeDescriptor(ends.read);
    assertEquals(rest.take(), 5 - read);
    assertEquals(openDescriptors().length, before);
  });
}

Deno.test("a PipeRest for which there is no descriptor is an error", () => {
  const { soft } = descriptorLimit();
  const ends = pipe();
  raiseDescriptorLimit(Math.max(ends.read, ends.write) + 1);
  try {
    assertThrows(() => new PipeRest(ends.write), SystemError, "EMFILE");
  } finally {
    raiseDescriptorLimit(soft);
  }
  closeDescriptor(ends.read);
  closeDescriptor(ends.write);
});

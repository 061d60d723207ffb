/**
 * OCI's image layout: blobs by the sums of their bytes, and JSON that names
 * them (OCI Image Format Specification 1.1).
 *
 * @module
 */
import { sha256 } from "../build/run.ts";
import { stdoutOf } from "./tools.ts";

const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** What is said of an image besides its layers. */
export interface ImageConfig {
  readonly created: string;
  readonly architecture: string;
  readonly os: string;
  /** How it is run. */
  readonly config: Readonly<Record<string, unknown>>;
}

export class ImageLayout {
  readonly #layers: Descriptor[] = [];
  /** Sums of the layers as they are before they are compressed. */
  readonly #diffIds: string[] = [];
  readonly #history: string[] = [];

  /** @param folder where it is made */
  constructor(readonly folder: string) {}

  /** Adds a layer: a tar archive, which is compressed in its place. */
  async addLayer(tar: string, what: string): Promise<void> {
    this.#diffIds.push(digestOf(await Deno.readFile(tar)));
    this.#history.push(what);
    await stdoutOf("gzip", ["--no-name", tar]);
    const bytes = await Deno.readFile(`${tar}.gz`);
    this.#layers.push(await this.#blob(mediaTypes.layer, bytes));
  }

  /** Writes all that names the layers. */
  async finish(image: ImageConfig, tag: string): Promise<void> {
    const config = await this.#json(mediaTypes.config, {
      ...image,
      rootfs: { type: "layers", diff_ids: this.#diffIds },
      history: this.#history.map((created_by) => ({
        created: image.created,
        created_by,
      })),
    });
    const { Labels: annotations } = image.config;
    const manifest = await this.#json(mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config,
      layers: this.#layers,
      annotations,
    });
    const { architecture, os } = image;
    await this.#write("index.json", {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{
        ...manifest,
        platform: { architecture, os },
        annotations: { "org.opencontainers.image.ref.name": tag },
      }],
    });
    await this.#write("oci-layout", { imageLayoutVersion: "1.0.0" });
  }

  #json(mediaType: string, value: unknown): Promise<Descriptor> {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    return this.#blob(mediaType, bytes);
  }

  async #blob(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    const digest = digestOf(bytes);
    const path = `${this.folder}/blobs/${digest.replace(":", "/")}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeFile(path, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  #write(name: string, value: unknown): Promise<void> {
    return Deno.writeTextFile(
      `${this.folder}/${name}`,
      JSON.stringify(value),
    );
  }
}

const digestOf = (bytes: Uint8Array) => `sha256:${sha256(bytes)}`;

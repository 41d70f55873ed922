// Which quota holds for a client. Nobody is authenticated, so every client is the user ANONYMOUS; a quota of a user goes before one of a client id.
// Source: ClientQuotaManager.scala, DefaultQuotaCallback (3.9). FIDELITY: META-QUOTAS, BROKER-QUOTA.
import { type MetadataImage, quotaEntityKey } from "./image.ts";

const USER = "ANONYMOUS";

/** Who is looked for first; null stands for the default of all users, of all client ids. */
const LEVELS: readonly { readonly user?: string | null; readonly client?: "id" | null }[] = [
  { user: USER, client: "id" }, { user: USER, client: null }, { user: USER }, { user: null, client: "id" }, { user: null, client: null }, { user: null },
  { client: "id" }, { client: null },
];

export interface QuotaOfClient {
  readonly limit: number;
  /** The quota, and who uses it up together. */
  readonly sharedBy: string;
}

/** Null: without limit. */
export function quotaOfClient(image: MetadataImage, clientId: string, key: string): QuotaOfClient | null {
  if (image.clientQuotas.size === 0) return null;
  for (const { user, client } of LEVELS) {
    const entity = [
      ...user === undefined ? [] : [{ entityType: "user", entityName: user }],
      ...client === undefined ? [] : [{ entityType: "client-id", entityName: client === null ? null : clientId }],
    ];
    const limit = image.clientQuotas.get(quotaEntityKey(entity))?.values.get(key);
    if (limit !== undefined) return { limit, sharedBy: `${key} ${user === undefined ? "" : USER} ${client === undefined ? "" : clientId}` };
  }
  return null;
}

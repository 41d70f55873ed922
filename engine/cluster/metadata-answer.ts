// The value of an answered `fetch-metadata`, as far as this layer reads it.
export interface MetadataAnswer { readonly brokers: readonly unknown[] }

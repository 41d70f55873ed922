// The version of the engine as runs name it. It changes whenever the same run would give another digest.
export const ENGINE_VERSION = "0.2.0";

// Whose a budget is, as its scope says.
const kinds = ["organisation", "person", "group", "key", "assistant", "model"] as const;
export type Owner = (typeof kinds)[number];

export const ownerOf = (scope: string): Owner => kinds.find((kind) => scope.startsWith(kind)) ?? "organisation";

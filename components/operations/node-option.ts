/** A node to choose, by its name. */
export interface NodeOption {
  readonly value: string;
  readonly label: string;
}

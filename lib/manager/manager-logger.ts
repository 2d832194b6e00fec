/** The part of a structured logger that the manager uses. */
export interface ManagerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

-- CreateTable
CREATE TABLE "Provision" (
    "clusterId" TEXT NOT NULL,
    "intentId" TEXT NOT NULL,
    "document" TEXT NOT NULL,

    PRIMARY KEY ("clusterId", "intentId"),
    CONSTRAINT "Provision_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

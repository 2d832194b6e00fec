-- CreateTable
CREATE TABLE "EnrolmentToken" (
    "tokenHash" TEXT NOT NULL PRIMARY KEY,
    "clusterId" TEXT NOT NULL,
    "expiresAt" BIGINT NOT NULL,
    "usedByNodeId" TEXT,
    "document" TEXT NOT NULL,
    CONSTRAINT "EnrolmentToken_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Agent" (
    "nodeId" TEXT NOT NULL PRIMARY KEY,
    "clusterId" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    CONSTRAINT "Agent_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "EnrolmentToken_clusterId_idx" ON "EnrolmentToken"("clusterId");

-- CreateIndex
CREATE INDEX "Agent_clusterId_idx" ON "Agent"("clusterId");

-- What `mariadb-dump` said of a database at version 0003 (0.1.0 before its release), with rows in every table.
/*M!999999\- enable the sandbox mode */ 
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `alarm` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `place` varchar(64) NOT NULL,
  `code` varchar(64) NOT NULL,
  `cell_id` smallint(6) DEFAULT NULL,
  `parameter_id` smallint(6) DEFAULT NULL,
  `severity` varchar(20) NOT NULL,
  `state` varchar(20) NOT NULL,
  `since` datetime(3) NOT NULL,
  `returned_at` datetime(3) DEFAULT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `open` smallint(6) GENERATED ALWAYS AS (case when `ended_at` is null then 1 end) VIRTUAL,
  `value` double DEFAULT NULL,
  `threshold` double DEFAULT NULL,
  `text_fr` varchar(500) NOT NULL,
  `text_en` varchar(500) NOT NULL,
  `guidance_fr` varchar(1000) DEFAULT NULL,
  `guidance_en` varchar(1000) DEFAULT NULL,
  `acknowledged_at` datetime(3) DEFAULT NULL,
  `acknowledged_by` int(11) DEFAULT NULL,
  `comment` varchar(1000) NOT NULL,
  `shelved_until` datetime(3) DEFAULT NULL,
  `shelved_by` int(11) DEFAULT NULL,
  `changed_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_alarm_place_code_open` (`place`,`code`,`open`),
  KEY `fk_alarm_parameter_id` (`parameter_id`),
  KEY `fk_alarm_acknowledged_by` (`acknowledged_by`),
  KEY `fk_alarm_shelved_by` (`shelved_by`),
  KEY `ix_alarm_cell_id_since` (`cell_id`,`since`),
  KEY `ix_alarm_changed_at` (`changed_at`),
  KEY `ix_alarm_since` (`since`),
  CONSTRAINT `fk_alarm_acknowledged_by` FOREIGN KEY (`acknowledged_by`) REFERENCES `person` (`id`),
  CONSTRAINT `fk_alarm_cell_id` FOREIGN KEY (`cell_id`) REFERENCES `cell` (`id`),
  CONSTRAINT `fk_alarm_parameter_id` FOREIGN KEY (`parameter_id`) REFERENCES `parameter` (`id`),
  CONSTRAINT `fk_alarm_shelved_by` FOREIGN KEY (`shelved_by`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `alarm` WRITE;
/*!40000 ALTER TABLE `alarm` DISABLE KEYS */;
INSERT INTO `alarm` VALUES
(1,'place1é','code1é',1,1,'severity1é','state1é','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000',NULL,1,10.143,10.143,'text_fr1é','text_en1é','guidance_fr1é','guidance_en1é','2026-11-20 08:01:00.000',1,'comment1é','2026-11-20 08:01:00.000',1,'2026-11-20 08:01:00.000'),
(2,'place2é','code2é',2,2,'severity2é','state2é','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000',NULL,1,10.286,10.286,'text_fr2é','text_en2é','guidance_fr2é','guidance_en2é','2026-11-20 08:02:00.000',2,'comment2é','2026-11-20 08:02:00.000',2,'2026-11-20 08:02:00.000'),
(3,'place3é','code3é',3,3,'severity3é','state3é','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000',NULL,1,10.429,10.429,'text_fr3é','text_en3é','guidance_fr3é','guidance_en3é','2026-11-20 08:03:00.000',3,'comment3é','2026-11-20 08:03:00.000',3,'2026-11-20 08:03:00.000'),
(4,'place4é','code4é',4,4,'severity4é','state4é','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000',NULL,1,10.571,10.571,'text_fr4é','text_en4é','guidance_fr4é','guidance_en4é','2026-11-20 08:04:00.000',4,'comment4é','2026-11-20 08:04:00.000',4,'2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `alarm` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `alembic_version` WRITE;
/*!40000 ALTER TABLE `alembic_version` DISABLE KEYS */;
INSERT INTO `alembic_version` VALUES
('0003');
/*!40000 ALTER TABLE `alembic_version` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `annotation` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `cell_id` smallint(6) NOT NULL,
  `parameter_id` smallint(6) DEFAULT NULL,
  `experiment_id` int(11) DEFAULT NULL,
  `person_id` int(11) DEFAULT NULL,
  `started_at` datetime(3) NOT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `text` varchar(2000) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `withdrawn_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `fk_annotation_parameter_id` (`parameter_id`),
  KEY `fk_annotation_person_id` (`person_id`),
  KEY `ix_annotation_cell_id_started_at` (`cell_id`,`started_at`),
  KEY `ix_annotation_experiment_id` (`experiment_id`),
  CONSTRAINT `fk_annotation_cell_id` FOREIGN KEY (`cell_id`) REFERENCES `cell` (`id`),
  CONSTRAINT `fk_annotation_experiment_id` FOREIGN KEY (`experiment_id`) REFERENCES `experiment` (`id`),
  CONSTRAINT `fk_annotation_parameter_id` FOREIGN KEY (`parameter_id`) REFERENCES `parameter` (`id`),
  CONSTRAINT `fk_annotation_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `annotation` WRITE;
/*!40000 ALTER TABLE `annotation` DISABLE KEYS */;
INSERT INTO `annotation` VALUES
(1,1,1,1,1,'2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','text1é','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000'),
(2,2,2,2,2,'2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','text2é','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000'),
(3,3,3,3,3,'2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','text3é','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000'),
(4,4,4,4,4,'2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','text4é','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `annotation` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `api_token` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `person_id` int(11) NOT NULL,
  `name` varchar(100) NOT NULL,
  `scope` varchar(20) NOT NULL,
  `hint` varchar(16) NOT NULL,
  `token_hash` varchar(64) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `used_at` datetime(3) DEFAULT NULL,
  `expires_at` datetime(3) DEFAULT NULL,
  `revoked_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_api_token_token_hash` (`token_hash`),
  KEY `ix_api_token_person_id` (`person_id`),
  CONSTRAINT `fk_api_token_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `api_token` WRITE;
/*!40000 ALTER TABLE `api_token` DISABLE KEYS */;
INSERT INTO `api_token` VALUES
(1,1,'name1é','scope1é','hint1é','token_hash1é','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000'),
(2,2,'name2é','scope2é','hint2é','token_hash2é','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000'),
(3,3,'name3é','scope3é','hint3é','token_hash3é','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000'),
(4,4,'name4é','scope4é','hint4é','token_hash4é','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `api_token` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `assignment` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `cell_id` smallint(6) NOT NULL,
  `experiment_id` int(11) NOT NULL,
  `started_at` datetime(3) NOT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `open_cell` smallint(6) GENERATED ALWAYS AS (case when `ended_at` is null then `cell_id` end) VIRTUAL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_assignment_open_cell` (`open_cell`),
  KEY `ix_assignment_cell_id_started_at` (`cell_id`,`started_at`),
  KEY `ix_assignment_experiment_id` (`experiment_id`),
  CONSTRAINT `fk_assignment_cell_id` FOREIGN KEY (`cell_id`) REFERENCES `cell` (`id`),
  CONSTRAINT `fk_assignment_experiment_id` FOREIGN KEY (`experiment_id`) REFERENCES `experiment` (`id`),
  CONSTRAINT `ck_assignment_ck_assignment_ends_after_start` CHECK (`ended_at` is null or `ended_at` > `started_at`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `assignment` WRITE;
/*!40000 ALTER TABLE `assignment` DISABLE KEYS */;
INSERT INTO `assignment` VALUES
(1,1,1,'2026-11-20 08:01:00.000',NULL,1),
(2,2,2,'2026-11-20 08:02:00.000',NULL,2),
(3,3,3,'2026-11-20 08:03:00.000',NULL,3),
(4,4,4,'2026-11-20 08:04:00.000',NULL,4);
/*!40000 ALTER TABLE `assignment` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `audit_event` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` datetime(3) NOT NULL,
  `actor_id` int(11) DEFAULT NULL,
  `actor` varchar(64) NOT NULL,
  `via` varchar(20) NOT NULL,
  `address` varchar(64) NOT NULL,
  `act` varchar(64) NOT NULL,
  `subject` varchar(32) NOT NULL,
  `subject_id` varchar(64) NOT NULL,
  `before` longtext DEFAULT NULL CHECK (json_valid(`before`)),
  `after` longtext DEFAULT NULL CHECK (json_valid(`after`)),
  PRIMARY KEY (`id`),
  KEY `ix_audit_event_act` (`act`),
  KEY `ix_audit_event_actor_id_at` (`actor_id`,`at`),
  KEY `ix_audit_event_at` (`at`),
  KEY `ix_audit_event_subject_subject_id` (`subject`,`subject_id`),
  CONSTRAINT `fk_audit_event_actor_id` FOREIGN KEY (`actor_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `audit_event` WRITE;
/*!40000 ALTER TABLE `audit_event` DISABLE KEYS */;
INSERT INTO `audit_event` VALUES
(1,'2026-11-20 08:01:00.000',1,'actor1é','via1é','address1é','act1é','subject1é','subject_id1é','{\"n\": 1, \"\\u00e9\": \"\\u00b0C\"}','{\"n\": 1, \"\\u00e9\": \"\\u00b0C\"}'),
(2,'2026-11-20 08:02:00.000',2,'actor2é','via2é','address2é','act2é','subject2é','subject_id2é','{\"n\": 2, \"\\u00e9\": \"\\u00b0C\"}','{\"n\": 2, \"\\u00e9\": \"\\u00b0C\"}'),
(3,'2026-11-20 08:03:00.000',3,'actor3é','via3é','address3é','act3é','subject3é','subject_id3é','{\"n\": 3, \"\\u00e9\": \"\\u00b0C\"}','{\"n\": 3, \"\\u00e9\": \"\\u00b0C\"}'),
(4,'2026-11-20 08:04:00.000',4,'actor4é','via4é','address4é','act4é','subject4é','subject_id4é','{\"n\": 4, \"\\u00e9\": \"\\u00b0C\"}','{\"n\": 4, \"\\u00e9\": \"\\u00b0C\"}');
/*!40000 ALTER TABLE `audit_event` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,TRADITIONAL,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 */ /*!50003 TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit is never changed' 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,TRADITIONAL,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 */ /*!50003 TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit is never changed' 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `cell` (
  `id` smallint(6) NOT NULL AUTO_INCREMENT,
  `unit_id` smallint(6) NOT NULL,
  `code` varchar(64) NOT NULL,
  `position` smallint(6) NOT NULL,
  `retired_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_cell_code` (`code`),
  KEY `fk_cell_unit_id` (`unit_id`),
  CONSTRAINT `fk_cell_unit_id` FOREIGN KEY (`unit_id`) REFERENCES `unit` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=19 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `cell` WRITE;
/*!40000 ALTER TABLE `cell` DISABLE KEYS */;
INSERT INTO `cell` VALUES
(1,1,'E1C1',0,NULL),
(2,1,'E1C2',1,NULL),
(3,1,'E1C3',2,NULL),
(4,2,'E2C1',3,NULL),
(5,2,'E2C2',4,NULL),
(6,2,'E2C3',5,NULL),
(7,3,'E3C1',6,NULL),
(8,3,'E3C2',7,NULL),
(9,3,'E3C3',8,NULL),
(10,4,'E4C1',9,NULL),
(11,4,'E4C2',10,NULL),
(12,4,'E4C3',11,NULL),
(13,5,'E5C1',12,NULL),
(14,5,'E5C2',13,NULL),
(15,5,'E5C3',14,NULL),
(16,6,'E6C1',15,NULL),
(17,6,'E6C2',16,NULL),
(18,6,'E6C3',17,NULL);
/*!40000 ALTER TABLE `cell` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `discord_commands` (
  `application_id` varchar(32) NOT NULL,
  `guild_id` varchar(32) NOT NULL,
  `fingerprint` varchar(64) NOT NULL,
  `synced_at` datetime(3) NOT NULL,
  PRIMARY KEY (`application_id`,`guild_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `discord_commands` WRITE;
/*!40000 ALTER TABLE `discord_commands` DISABLE KEYS */;
INSERT INTO `discord_commands` VALUES
('application_1é','guild_id1é','fingerprint1é','2026-11-20 08:01:00.000'),
('application_2é','guild_id2é','fingerprint2é','2026-11-20 08:02:00.000'),
('application_3é','guild_id3é','fingerprint3é','2026-11-20 08:03:00.000'),
('application_4é','guild_id4é','fingerprint4é','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `discord_commands` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `discord_link` (
  `person_id` int(11) NOT NULL,
  `discord_id` varchar(32) NOT NULL,
  `linked_at` datetime(3) NOT NULL,
  PRIMARY KEY (`person_id`),
  UNIQUE KEY `uq_discord_link_discord_id` (`discord_id`),
  CONSTRAINT `fk_discord_link_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `discord_link` WRITE;
/*!40000 ALTER TABLE `discord_link` DISABLE KEYS */;
INSERT INTO `discord_link` VALUES
(1,'discord_id1é','2026-11-20 08:01:00.000'),
(2,'discord_id2é','2026-11-20 08:02:00.000'),
(3,'discord_id3é','2026-11-20 08:03:00.000'),
(4,'discord_id4é','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `discord_link` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `discord_link_code` (
  `person_id` int(11) NOT NULL,
  `code_hash` varchar(64) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  PRIMARY KEY (`person_id`),
  UNIQUE KEY `uq_discord_link_code_code_hash` (`code_hash`),
  CONSTRAINT `fk_discord_link_code_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `discord_link_code` WRITE;
/*!40000 ALTER TABLE `discord_link_code` DISABLE KEYS */;
INSERT INTO `discord_link_code` VALUES
(1,'code_hash1é','2026-11-20 08:01:00.000'),
(2,'code_hash2é','2026-11-20 08:02:00.000'),
(3,'code_hash3é','2026-11-20 08:03:00.000'),
(4,'code_hash4é','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `discord_link_code` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `experiment` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `code` varchar(32) NOT NULL,
  `title` varchar(200) NOT NULL,
  `team` varchar(200) NOT NULL,
  `scientific_contact` varchar(200) NOT NULL,
  `technical_contact` varchar(200) NOT NULL,
  `description` mediumtext NOT NULL,
  `objective` mediumtext NOT NULL,
  `planned_start` date DEFAULT NULL,
  `planned_end` date DEFAULT NULL,
  `state` varchar(20) NOT NULL,
  `version` int(11) NOT NULL,
  `folded` mediumtext NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `created_by` int(11) DEFAULT NULL,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_experiment_code` (`code`),
  KEY `fk_experiment_created_by` (`created_by`),
  KEY `ix_experiment_state` (`state`),
  CONSTRAINT `fk_experiment_created_by` FOREIGN KEY (`created_by`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `experiment` WRITE;
/*!40000 ALTER TABLE `experiment` DISABLE KEYS */;
INSERT INTO `experiment` VALUES
(1,'code1é','title1é','team1é','scientific_c1é','technical_co1é','description1é','objective1é','2026-11-02','2026-11-02','running',1,'folded1é','2026-11-20 08:01:00.000',1,'2026-11-20 08:01:00.000'),
(2,'code2é','title2é','team2é','scientific_c2é','technical_co2é','description2é','objective2é','2026-11-03','2026-11-03','running',2,'folded2é','2026-11-20 08:02:00.000',2,'2026-11-20 08:02:00.000'),
(3,'code3é','title3é','team3é','scientific_c3é','technical_co3é','description3é','objective3é','2026-11-04','2026-11-04','running',3,'folded3é','2026-11-20 08:03:00.000',3,'2026-11-20 08:03:00.000'),
(4,'code4é','title4é','team4é','scientific_c4é','technical_co4é','description4é','objective4é','2026-11-05','2026-11-05','running',4,'folded4é','2026-11-20 08:04:00.000',4,'2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `experiment` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `experiment_cell` (
  `experiment_id` int(11) NOT NULL,
  `cell_id` smallint(6) NOT NULL,
  PRIMARY KEY (`experiment_id`,`cell_id`),
  KEY `fk_experiment_cell_cell_id` (`cell_id`),
  CONSTRAINT `fk_experiment_cell_cell_id` FOREIGN KEY (`cell_id`) REFERENCES `cell` (`id`),
  CONSTRAINT `fk_experiment_cell_experiment_id` FOREIGN KEY (`experiment_id`) REFERENCES `experiment` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `experiment_cell` WRITE;
/*!40000 ALTER TABLE `experiment_cell` DISABLE KEYS */;
INSERT INTO `experiment_cell` VALUES
(1,1),
(2,2),
(3,3),
(4,4);
/*!40000 ALTER TABLE `experiment_cell` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `experiment_member` (
  `experiment_id` int(11) NOT NULL,
  `person_id` int(11) NOT NULL,
  PRIMARY KEY (`experiment_id`,`person_id`),
  KEY `ix_experiment_member_person_id` (`person_id`),
  CONSTRAINT `fk_experiment_member_experiment_id` FOREIGN KEY (`experiment_id`) REFERENCES `experiment` (`id`),
  CONSTRAINT `fk_experiment_member_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `experiment_member` WRITE;
/*!40000 ALTER TABLE `experiment_member` DISABLE KEYS */;
INSERT INTO `experiment_member` VALUES
(1,1),
(2,2),
(3,3),
(4,4);
/*!40000 ALTER TABLE `experiment_member` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `experiment_parameter` (
  `experiment_id` int(11) NOT NULL,
  `parameter_id` smallint(6) NOT NULL,
  `deviation` double DEFAULT NULL,
  `low` double DEFAULT NULL,
  `high` double DEFAULT NULL,
  `delay` int(11) NOT NULL,
  `severity` varchar(20) NOT NULL,
  PRIMARY KEY (`experiment_id`,`parameter_id`),
  KEY `fk_experiment_parameter_parameter_id` (`parameter_id`),
  CONSTRAINT `fk_experiment_parameter_experiment_id` FOREIGN KEY (`experiment_id`) REFERENCES `experiment` (`id`),
  CONSTRAINT `fk_experiment_parameter_parameter_id` FOREIGN KEY (`parameter_id`) REFERENCES `parameter` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `experiment_parameter` WRITE;
/*!40000 ALTER TABLE `experiment_parameter` DISABLE KEYS */;
INSERT INTO `experiment_parameter` VALUES
(1,1,10.143,10.143,10.143,1,'severity1é'),
(2,2,10.286,10.286,10.286,2,'severity2é'),
(3,3,10.429,10.429,10.429,3,'severity3é'),
(4,4,10.571,10.571,10.571,4,'severity4é');
/*!40000 ALTER TABLE `experiment_parameter` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `intervention` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `cell_id` smallint(6) NOT NULL,
  `person_id` int(11) DEFAULT NULL,
  `kind` varchar(32) NOT NULL,
  `text` varchar(2000) NOT NULL,
  `started_at` datetime(3) NOT NULL,
  `expected_end` datetime(3) DEFAULT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `fk_intervention_person_id` (`person_id`),
  KEY `ix_intervention_cell_id_started_at` (`cell_id`,`started_at`),
  CONSTRAINT `fk_intervention_cell_id` FOREIGN KEY (`cell_id`) REFERENCES `cell` (`id`),
  CONSTRAINT `fk_intervention_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `intervention` WRITE;
/*!40000 ALTER TABLE `intervention` DISABLE KEYS */;
INSERT INTO `intervention` VALUES
(1,1,1,'kind1é','text1é','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000'),
(2,2,2,'kind2é','text2é','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000'),
(3,3,3,'kind3é','text3é','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000'),
(4,4,4,'kind4é','text4é','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `intervention` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `latest_reading` (
  `series_id` smallint(6) NOT NULL,
  `observed_at` datetime(3) NOT NULL,
  `value` double DEFAULT NULL,
  `quality` tinyint(4) NOT NULL,
  `received_at` datetime(3) NOT NULL,
  PRIMARY KEY (`series_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `latest_reading` WRITE;
/*!40000 ALTER TABLE `latest_reading` DISABLE KEYS */;
INSERT INTO `latest_reading` VALUES
(1,'2026-11-20 08:01:00.000',10.143,0,'2026-11-20 08:01:00.000'),
(2,'2026-11-20 08:02:00.000',10.286,0,'2026-11-20 08:02:00.000'),
(3,'2026-11-20 08:03:00.000',10.429,0,'2026-11-20 08:03:00.000'),
(4,'2026-11-20 08:04:00.000',10.571,0,'2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `latest_reading` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `login_attempt` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` datetime(3) NOT NULL,
  `account` varchar(64) NOT NULL,
  `address` varchar(64) NOT NULL,
  `succeeded` tinyint(1) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_login_attempt_account_at` (`account`,`at`),
  KEY `ix_login_attempt_address_at` (`address`,`at`),
  KEY `ix_login_attempt_at` (`at`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `login_attempt` WRITE;
/*!40000 ALTER TABLE `login_attempt` DISABLE KEYS */;
INSERT INTO `login_attempt` VALUES
(1,'2026-11-20 08:01:00.000','account1é','address1é',0),
(2,'2026-11-20 08:02:00.000','account2é','address2é',0),
(3,'2026-11-20 08:03:00.000','account3é','address3é',0),
(4,'2026-11-20 08:04:00.000','account4é','address4é',0);
/*!40000 ALTER TABLE `login_attempt` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `notification` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `channel` varchar(20) NOT NULL,
  `alarm_id` bigint(20) NOT NULL,
  `place` varchar(64) NOT NULL,
  `code` varchar(64) NOT NULL,
  `content` longtext NOT NULL CHECK (json_valid(`content`)),
  `over` tinyint(1) NOT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `revision` int(11) NOT NULL,
  `sent_revision` int(11) NOT NULL,
  `waiting` tinyint(1) NOT NULL,
  `batch` varchar(25) DEFAULT NULL,
  `channel_id` varchar(32) DEFAULT NULL,
  `message_id` varchar(32) DEFAULT NULL,
  `attempts` int(11) NOT NULL,
  `failure` varchar(500) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `changed_at` datetime(3) NOT NULL,
  `sent_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_notification_channel_alarm_id` (`channel`,`alarm_id`),
  KEY `ix_notification_batch` (`batch`),
  KEY `ix_notification_channel_waiting` (`channel`,`waiting`),
  KEY `ix_notification_place` (`place`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `notification` WRITE;
/*!40000 ALTER TABLE `notification` DISABLE KEYS */;
INSERT INTO `notification` VALUES
(1,'channel1é',1,'place1é','code1é','{\"n\": 1, \"\\u00e9\": \"\\u00b0C\"}',0,'2026-11-20 08:01:00.000',1,1,0,'batch1é','channel_id1é','message_id1é',1,'failure1é','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000'),
(2,'channel2é',2,'place2é','code2é','{\"n\": 2, \"\\u00e9\": \"\\u00b0C\"}',0,'2026-11-20 08:02:00.000',2,2,0,'batch2é','channel_id2é','message_id2é',2,'failure2é','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000'),
(3,'channel3é',3,'place3é','code3é','{\"n\": 3, \"\\u00e9\": \"\\u00b0C\"}',0,'2026-11-20 08:03:00.000',3,3,0,'batch3é','channel_id3é','message_id3é',3,'failure3é','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000'),
(4,'channel4é',4,'place4é','code4é','{\"n\": 4, \"\\u00e9\": \"\\u00b0C\"}',0,'2026-11-20 08:04:00.000',4,4,0,'batch4é','channel_id4é','message_id4é',4,'failure4é','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `notification` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `one_time_link` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `person_id` int(11) NOT NULL,
  `purpose` varchar(20) NOT NULL,
  `token_hash` varchar(64) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `used_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_one_time_link_token_hash` (`token_hash`),
  KEY `ix_one_time_link_person_id` (`person_id`),
  CONSTRAINT `fk_one_time_link_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `one_time_link` WRITE;
/*!40000 ALTER TABLE `one_time_link` DISABLE KEYS */;
INSERT INTO `one_time_link` VALUES
(1,1,'purpose1é','token_hash1é','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000'),
(2,2,'purpose2é','token_hash2é','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000'),
(3,3,'purpose3é','token_hash3é','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000'),
(4,4,'purpose4é','token_hash4é','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `one_time_link` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `parameter` (
  `id` smallint(6) NOT NULL AUTO_INCREMENT,
  `code` varchar(64) NOT NULL,
  `label_fr` varchar(200) NOT NULL,
  `label_en` varchar(200) NOT NULL,
  `unit` varchar(20) NOT NULL,
  `kind` varchar(20) NOT NULL,
  `setpoint_of` varchar(64) DEFAULT NULL,
  `resolution` double NOT NULL,
  `minimum` double DEFAULT NULL,
  `maximum` double DEFAULT NULL,
  `position` smallint(6) NOT NULL,
  `retired_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_parameter_code` (`code`)
) ENGINE=InnoDB AUTO_INCREMENT=18 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `parameter` WRITE;
/*!40000 ALTER TABLE `parameter` DISABLE KEYS */;
INSERT INTO `parameter` VALUES
(1,'air_temperature','Température reprise','Return-air temperature','°C','measured',NULL,0.1,-13,50,0,NULL),
(2,'air_temperature_setpoint','Température consigne','Temperature setpoint','°C','setpoint','air_temperature',0.1,-13,50,1,NULL),
(3,'rain_water_temperature','Température eau de pluie','Rain-water temperature','°C','measured',NULL,0.1,2,35,2,NULL),
(4,'relative_humidity','Hygrométrie','Relative humidity','%','measured',NULL,0.1,10,95,3,NULL),
(5,'relative_humidity_setpoint','Hygrométrie consigne','Relative humidity setpoint','%','setpoint','relative_humidity',0.1,10,95,4,NULL),
(6,'co2','CO₂','CO₂','ppm','measured',NULL,1,180,2000,5,NULL),
(7,'co2_setpoint','CO₂ consigne','CO₂ setpoint','ppm','setpoint','co2',1,180,2000,6,NULL),
(8,'o2','O₂','O₂','%','measured',NULL,0.01,5,25,7,NULL),
(9,'o3','Ozone','Ozone','ppb','measured',NULL,1,0,200,8,NULL),
(10,'par','Lumière PAR','PAR light','µmol/m²/s','measured',NULL,1,0,1000,9,NULL),
(11,'light_command','Commande lumière','Light command','%','command',NULL,1,0,100,10,NULL),
(12,'rainfall','Pluie cumulée','Accumulated rain','mm','counter',NULL,0.1,0,NULL,11,NULL),
(13,'soil_temperature_1','Température écorium 1','Écorium temperature 1','°C','measured',NULL,0.1,-5,40,12,NULL),
(14,'soil_temperature_2','Température écorium 2','Écorium temperature 2','°C','measured',NULL,0.1,-5,40,13,NULL),
(15,'soil_temperature_3','Température écorium 3','Écorium temperature 3','°C','measured',NULL,0.1,-5,40,14,NULL),
(16,'lysimeter_mass','Masse écorium','Écorium mass','kg','measured',NULL,0.1,0,2000,15,NULL),
(17,'door','Porte','Door','','state',NULL,1,0,1,16,NULL);
/*!40000 ALTER TABLE `parameter` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `person` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `login` varchar(64) NOT NULL,
  `name` varchar(200) NOT NULL,
  `email` varchar(254) DEFAULT NULL,
  `password_hash` varchar(255) DEFAULT NULL,
  `directory_id` varchar(255) DEFAULT NULL,
  `state` varchar(20) NOT NULL,
  `role` varchar(20) NOT NULL,
  `locale` varchar(8) DEFAULT NULL,
  `note` varchar(1000) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `last_login_at` datetime(3) DEFAULT NULL,
  `version` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_person_login` (`login`),
  UNIQUE KEY `uq_person_directory_id` (`directory_id`),
  UNIQUE KEY `uq_person_email` (`email`),
  KEY `fk_person_role` (`role`),
  CONSTRAINT `fk_person_role` FOREIGN KEY (`role`) REFERENCES `role` (`code`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `person` WRITE;
/*!40000 ALTER TABLE `person` DISABLE KEYS */;
INSERT INTO `person` VALUES
(1,'login1é','name1é','email1é','password_has1é','directory_id1é','active','admin','locale1é','note1é','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000',1),
(2,'login2é','name2é','email2é','password_has2é','directory_id2é','active','admin','locale2é','note2é','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000',2),
(3,'login3é','name3é','email3é','password_has3é','directory_id3é','active','admin','locale3é','note3é','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000',3),
(4,'login4é','name4é','email4é','password_has4é','directory_id4é','active','admin','locale4é','note4é','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000',4);
/*!40000 ALTER TABLE `person` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `publisher` (
  `id` varchar(64) NOT NULL,
  `unit_id` smallint(6) NOT NULL,
  `last_sequence` bigint(20) NOT NULL,
  `stored` bigint(20) NOT NULL,
  `rejected` bigint(20) NOT NULL,
  `repeated` bigint(20) NOT NULL,
  `first_seen_at` datetime(3) NOT NULL,
  `last_seen_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `fk_publisher_unit_id` (`unit_id`),
  CONSTRAINT `fk_publisher_unit_id` FOREIGN KEY (`unit_id`) REFERENCES `unit` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `publisher` WRITE;
/*!40000 ALTER TABLE `publisher` DISABLE KEYS */;
INSERT INTO `publisher` VALUES
('id1é',1,1,1,1,1,'2026-11-20 08:01:00.000','2026-11-20 08:01:00.000'),
('id2é',2,2,2,2,2,'2026-11-20 08:02:00.000','2026-11-20 08:02:00.000'),
('id3é',3,3,3,3,3,'2026-11-20 08:03:00.000','2026-11-20 08:03:00.000'),
('id4é',4,4,4,4,4,'2026-11-20 08:04:00.000','2026-11-20 08:04:00.000');
/*!40000 ALTER TABLE `publisher` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `publisher_range` (
  `publisher_id` varchar(64) NOT NULL,
  `first` bigint(20) NOT NULL,
  `last` bigint(20) NOT NULL,
  PRIMARY KEY (`publisher_id`,`first`),
  CONSTRAINT `fk_publisher_range_publisher_id` FOREIGN KEY (`publisher_id`) REFERENCES `publisher` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `publisher_range` WRITE;
/*!40000 ALTER TABLE `publisher_range` DISABLE KEYS */;
INSERT INTO `publisher_range` VALUES
('id1é',1,1),
('id2é',2,2),
('id3é',3,3),
('id4é',4,4);
/*!40000 ALTER TABLE `publisher_range` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `reading` (
  `series_id` smallint(6) NOT NULL,
  `observed_at` datetime(3) NOT NULL,
  `value` double DEFAULT NULL,
  `quality` tinyint(4) NOT NULL,
  PRIMARY KEY (`series_id`,`observed_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
 PARTITION BY RANGE  COLUMNS(`observed_at`)
(PARTITION `p_past` VALUES LESS THAN ('2024-01-01') ENGINE = InnoDB,
 PARTITION `p202401` VALUES LESS THAN ('2024-02-01') ENGINE = InnoDB,
 PARTITION `p202402` VALUES LESS THAN ('2024-03-01') ENGINE = InnoDB,
 PARTITION `p202403` VALUES LESS THAN ('2024-04-01') ENGINE = InnoDB,
 PARTITION `p202404` VALUES LESS THAN ('2024-05-01') ENGINE = InnoDB,
 PARTITION `p202405` VALUES LESS THAN ('2024-06-01') ENGINE = InnoDB,
 PARTITION `p202406` VALUES LESS THAN ('2024-07-01') ENGINE = InnoDB,
 PARTITION `p202407` VALUES LESS THAN ('2024-08-01') ENGINE = InnoDB,
 PARTITION `p202408` VALUES LESS THAN ('2024-09-01') ENGINE = InnoDB,
 PARTITION `p202409` VALUES LESS THAN ('2024-10-01') ENGINE = InnoDB,
 PARTITION `p202410` VALUES LESS THAN ('2024-11-01') ENGINE = InnoDB,
 PARTITION `p202411` VALUES LESS THAN ('2024-12-01') ENGINE = InnoDB,
 PARTITION `p202412` VALUES LESS THAN ('2025-01-01') ENGINE = InnoDB,
 PARTITION `p202501` VALUES LESS THAN ('2025-02-01') ENGINE = InnoDB,
 PARTITION `p202502` VALUES LESS THAN ('2025-03-01') ENGINE = InnoDB,
 PARTITION `p202503` VALUES LESS THAN ('2025-04-01') ENGINE = InnoDB,
 PARTITION `p202504` VALUES LESS THAN ('2025-05-01') ENGINE = InnoDB,
 PARTITION `p202505` VALUES LESS THAN ('2025-06-01') ENGINE = InnoDB,
 PARTITION `p202506` VALUES LESS THAN ('2025-07-01') ENGINE = InnoDB,
 PARTITION `p202507` VALUES LESS THAN ('2025-08-01') ENGINE = InnoDB,
 PARTITION `p202508` VALUES LESS THAN ('2025-09-01') ENGINE = InnoDB,
 PARTITION `p202509` VALUES LESS THAN ('2025-10-01') ENGINE = InnoDB,
 PARTITION `p202510` VALUES LESS THAN ('2025-11-01') ENGINE = InnoDB,
 PARTITION `p202511` VALUES LESS THAN ('2025-12-01') ENGINE = InnoDB,
 PARTITION `p202512` VALUES LESS THAN ('2026-01-01') ENGINE = InnoDB,
 PARTITION `p202601` VALUES LESS THAN ('2026-02-01') ENGINE = InnoDB,
 PARTITION `p202602` VALUES LESS THAN ('2026-03-01') ENGINE = InnoDB,
 PARTITION `p202603` VALUES LESS THAN ('2026-04-01') ENGINE = InnoDB,
 PARTITION `p202604` VALUES LESS THAN ('2026-05-01') ENGINE = InnoDB,
 PARTITION `p202605` VALUES LESS THAN ('2026-06-01') ENGINE = InnoDB,
 PARTITION `p202606` VALUES LESS THAN ('2026-07-01') ENGINE = InnoDB,
 PARTITION `p202607` VALUES LESS THAN ('2026-08-01') ENGINE = InnoDB,
 PARTITION `p202608` VALUES LESS THAN ('2026-09-01') ENGINE = InnoDB,
 PARTITION `p202609` VALUES LESS THAN ('2026-10-01') ENGINE = InnoDB,
 PARTITION `p202610` VALUES LESS THAN ('2026-11-01') ENGINE = InnoDB,
 PARTITION `p202611` VALUES LESS THAN ('2026-12-01') ENGINE = InnoDB,
 PARTITION `p202612` VALUES LESS THAN ('2027-01-01') ENGINE = InnoDB,
 PARTITION `p202701` VALUES LESS THAN ('2027-02-01') ENGINE = InnoDB,
 PARTITION `p202702` VALUES LESS THAN ('2027-03-01') ENGINE = InnoDB,
 PARTITION `p202703` VALUES LESS THAN ('2027-04-01') ENGINE = InnoDB,
 PARTITION `p202704` VALUES LESS THAN ('2027-05-01') ENGINE = InnoDB,
 PARTITION `p202705` VALUES LESS THAN ('2027-06-01') ENGINE = InnoDB,
 PARTITION `p202706` VALUES LESS THAN ('2027-07-01') ENGINE = InnoDB,
 PARTITION `p202707` VALUES LESS THAN ('2027-08-01') ENGINE = InnoDB,
 PARTITION `p202708` VALUES LESS THAN ('2027-09-01') ENGINE = InnoDB,
 PARTITION `p202709` VALUES LESS THAN ('2027-10-01') ENGINE = InnoDB,
 PARTITION `p202710` VALUES LESS THAN ('2027-11-01') ENGINE = InnoDB,
 PARTITION `p202711` VALUES LESS THAN ('2027-12-01') ENGINE = InnoDB,
 PARTITION `p202712` VALUES LESS THAN ('2028-01-01') ENGINE = InnoDB,
 PARTITION `p202801` VALUES LESS THAN ('2028-02-01') ENGINE = InnoDB,
 PARTITION `p202802` VALUES LESS THAN ('2028-03-01') ENGINE = InnoDB,
 PARTITION `p202803` VALUES LESS THAN ('2028-04-01') ENGINE = InnoDB,
 PARTITION `p202804` VALUES LESS THAN ('2028-05-01') ENGINE = InnoDB,
 PARTITION `p202805` VALUES LESS THAN ('2028-06-01') ENGINE = InnoDB,
 PARTITION `p202806` VALUES LESS THAN ('2028-07-01') ENGINE = InnoDB,
 PARTITION `p202807` VALUES LESS THAN ('2028-08-01') ENGINE = InnoDB,
 PARTITION `p202808` VALUES LESS THAN ('2028-09-01') ENGINE = InnoDB,
 PARTITION `p202809` VALUES LESS THAN ('2028-10-01') ENGINE = InnoDB,
 PARTITION `p202810` VALUES LESS THAN ('2028-11-01') ENGINE = InnoDB,
 PARTITION `p202811` VALUES LESS THAN ('2028-12-01') ENGINE = InnoDB,
 PARTITION `p_future` VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB);
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `reading` WRITE;
/*!40000 ALTER TABLE `reading` DISABLE KEYS */;
INSERT INTO `reading` VALUES
(1,'2026-11-20 08:03:00.000',10.429,0),
(1,'2026-11-20 08:06:00.000',10.857,0),
(1,'2026-11-20 08:09:00.000',11.286,0),
(1,'2026-11-20 08:12:00.000',11.714,0),
(1,'2026-11-20 08:15:00.000',12.143,0),
(1,'2026-11-20 08:18:00.000',12.571,0),
(1,'2026-11-20 08:21:00.000',13,0),
(1,'2026-11-20 08:24:00.000',13.429,0),
(1,'2026-11-20 08:27:00.000',13.857,0),
(1,'2026-11-20 08:30:00.000',14.286,0),
(1,'2026-11-20 08:33:00.000',14.714,0),
(1,'2026-11-20 08:36:00.000',15.143,0),
(1,'2026-11-20 08:39:00.000',15.571,0),
(1,'2026-11-20 08:42:00.000',16,0),
(1,'2026-11-20 08:45:00.000',16.429,0),
(1,'2026-11-20 08:48:00.000',16.857,0),
(1,'2026-11-20 08:51:00.000',17.286,0),
(1,'2026-11-20 08:54:00.000',17.714,0),
(1,'2026-11-20 08:57:00.000',18.143,0),
(1,'2026-11-20 09:00:00.000',18.571,0),
(1,'2026-11-20 09:03:00.000',19,0),
(1,'2026-11-20 09:06:00.000',19.429,0),
(1,'2026-11-20 09:09:00.000',19.857,0),
(1,'2026-11-20 09:12:00.000',20.286,0),
(1,'2026-11-20 09:15:00.000',20.714,0),
(1,'2026-11-20 09:18:00.000',21.143,0),
(1,'2026-11-20 09:21:00.000',21.571,0),
(1,'2026-11-20 09:24:00.000',22,0),
(1,'2026-11-20 09:27:00.000',22.429,0),
(1,'2026-11-20 09:30:00.000',22.857,0),
(1,'2026-11-20 09:33:00.000',23.286,0),
(1,'2026-11-20 09:36:00.000',23.714,0),
(1,'2026-11-20 09:39:00.000',24.143,0),
(1,'2026-11-20 09:42:00.000',24.571,0),
(1,'2026-11-20 09:45:00.000',25,0),
(1,'2026-11-20 09:48:00.000',25.429,0),
(1,'2026-11-20 09:51:00.000',25.857,0),
(1,'2026-11-20 09:54:00.000',26.286,0),
(1,'2026-11-20 09:57:00.000',26.714,0),
(1,'2026-11-20 10:00:00.000',27.143,0),
(1,'2026-11-20 10:03:00.000',27.571,0),
(1,'2026-11-20 10:06:00.000',28,0),
(1,'2026-11-20 10:09:00.000',28.429,0),
(1,'2026-11-20 10:12:00.000',28.857,0),
(1,'2026-11-20 10:15:00.000',29.286,0),
(1,'2026-11-20 10:18:00.000',29.714,0),
(1,'2026-11-20 10:21:00.000',30.143,0),
(1,'2026-11-20 10:24:00.000',30.571,0),
(1,'2026-11-20 10:27:00.000',31,0),
(1,'2026-11-20 10:30:00.000',NULL,0),
(1,'2026-11-20 10:33:00.000',31.857,0),
(1,'2026-11-20 10:36:00.000',32.286,0),
(1,'2026-11-20 10:39:00.000',32.714,0),
(1,'2026-11-20 10:42:00.000',33.143,0),
(1,'2026-11-20 10:45:00.000',33.571,0),
(1,'2026-11-20 10:48:00.000',34,0),
(1,'2026-11-20 10:51:00.000',34.429,0),
(1,'2026-11-20 10:54:00.000',34.857,0),
(1,'2026-11-20 10:57:00.000',35.286,0),
(1,'2026-11-20 11:00:00.000',35.714,0),
(1,'2026-11-20 11:03:00.000',36.143,0),
(1,'2026-11-20 11:06:00.000',36.571,0),
(1,'2026-11-20 11:09:00.000',37,0),
(1,'2026-11-20 11:12:00.000',37.429,0),
(1,'2026-11-20 11:15:00.000',37.857,0),
(1,'2026-11-20 11:18:00.000',38.286,0),
(1,'2026-11-20 11:21:00.000',38.714,0),
(1,'2026-11-20 11:24:00.000',39.143,0),
(1,'2026-11-20 11:27:00.000',39.571,0),
(1,'2026-11-20 11:30:00.000',40,0),
(1,'2026-11-20 11:33:00.000',40.429,0),
(1,'2026-11-20 11:36:00.000',40.857,0),
(1,'2026-11-20 11:39:00.000',41.286,0),
(1,'2026-11-20 11:42:00.000',41.714,0),
(1,'2026-11-20 11:45:00.000',42.143,0),
(1,'2026-11-20 11:48:00.000',42.571,0),
(1,'2026-11-20 11:51:00.000',43,0),
(1,'2026-11-20 11:54:00.000',43.429,0),
(1,'2026-11-20 11:57:00.000',43.857,0),
(1,'2026-11-20 12:00:00.000',44.286,0),
(1,'2026-11-20 12:03:00.000',44.714,0),
(1,'2026-11-20 12:06:00.000',45.143,0),
(1,'2026-11-20 12:09:00.000',45.571,0),
(1,'2026-11-20 12:12:00.000',46,0),
(1,'2026-11-20 12:15:00.000',46.429,0),
(1,'2026-11-20 12:18:00.000',46.857,0),
(1,'2026-11-20 12:21:00.000',47.286,0),
(1,'2026-11-20 12:24:00.000',47.714,0),
(1,'2026-11-20 12:27:00.000',48.143,0),
(1,'2026-11-20 12:30:00.000',48.571,0),
(1,'2026-11-20 12:33:00.000',49,0),
(1,'2026-11-20 12:36:00.000',49.429,0),
(1,'2026-11-20 12:39:00.000',49.857,0),
(1,'2026-11-20 12:42:00.000',50.286,0),
(1,'2026-11-20 12:45:00.000',50.714,0),
(1,'2026-11-20 12:48:00.000',51.143,0),
(1,'2026-11-20 12:51:00.000',51.571,0),
(1,'2026-11-20 12:54:00.000',52,0),
(1,'2026-11-20 12:57:00.000',52.429,0),
(1,'2026-11-20 13:00:00.000',NULL,0),
(2,'2026-11-20 08:01:00.000',10.143,0),
(2,'2026-11-20 08:04:00.000',10.571,0),
(2,'2026-11-20 08:07:00.000',11,0),
(2,'2026-11-20 08:10:00.000',11.429,0),
(2,'2026-11-20 08:13:00.000',11.857,0),
(2,'2026-11-20 08:16:00.000',12.286,0),
(2,'2026-11-20 08:19:00.000',12.714,0),
(2,'2026-11-20 08:22:00.000',13.143,0),
(2,'2026-11-20 08:25:00.000',13.571,0),
(2,'2026-11-20 08:28:00.000',14,0),
(2,'2026-11-20 08:31:00.000',14.429,0),
(2,'2026-11-20 08:34:00.000',14.857,0),
(2,'2026-11-20 08:37:00.000',15.286,0),
(2,'2026-11-20 08:40:00.000',15.714,0),
(2,'2026-11-20 08:43:00.000',16.143,0),
(2,'2026-11-20 08:46:00.000',16.571,0),
(2,'2026-11-20 08:49:00.000',17,0),
(2,'2026-11-20 08:52:00.000',17.429,0),
(2,'2026-11-20 08:55:00.000',17.857,0),
(2,'2026-11-20 08:58:00.000',18.286,0),
(2,'2026-11-20 09:01:00.000',18.714,0),
(2,'2026-11-20 09:04:00.000',19.143,0),
(2,'2026-11-20 09:07:00.000',19.571,0),
(2,'2026-11-20 09:10:00.000',20,0),
(2,'2026-11-20 09:13:00.000',20.429,0),
(2,'2026-11-20 09:16:00.000',20.857,0),
(2,'2026-11-20 09:19:00.000',21.286,0),
(2,'2026-11-20 09:22:00.000',21.714,0),
(2,'2026-11-20 09:25:00.000',22.143,0),
(2,'2026-11-20 09:28:00.000',22.571,0),
(2,'2026-11-20 09:31:00.000',23,0),
(2,'2026-11-20 09:34:00.000',23.429,0),
(2,'2026-11-20 09:37:00.000',23.857,0),
(2,'2026-11-20 09:40:00.000',NULL,0),
(2,'2026-11-20 09:43:00.000',24.714,0),
(2,'2026-11-20 09:46:00.000',25.143,0),
(2,'2026-11-20 09:49:00.000',25.571,0),
(2,'2026-11-20 09:52:00.000',26,0),
(2,'2026-11-20 09:55:00.000',26.429,0),
(2,'2026-11-20 09:58:00.000',26.857,0),
(2,'2026-11-20 10:01:00.000',27.286,0),
(2,'2026-11-20 10:04:00.000',27.714,0),
(2,'2026-11-20 10:07:00.000',28.143,0),
(2,'2026-11-20 10:10:00.000',28.571,0),
(2,'2026-11-20 10:13:00.000',29,0),
(2,'2026-11-20 10:16:00.000',29.429,0),
(2,'2026-11-20 10:19:00.000',29.857,0),
(2,'2026-11-20 10:22:00.000',30.286,0),
(2,'2026-11-20 10:25:00.000',30.714,0),
(2,'2026-11-20 10:28:00.000',31.143,0),
(2,'2026-11-20 10:31:00.000',31.571,0),
(2,'2026-11-20 10:34:00.000',32,0),
(2,'2026-11-20 10:37:00.000',32.429,0),
(2,'2026-11-20 10:40:00.000',32.857,0),
(2,'2026-11-20 10:43:00.000',33.286,0),
(2,'2026-11-20 10:46:00.000',33.714,0),
(2,'2026-11-20 10:49:00.000',34.143,0),
(2,'2026-11-20 10:52:00.000',34.571,0),
(2,'2026-11-20 10:55:00.000',35,0),
(2,'2026-11-20 10:58:00.000',35.429,0),
(2,'2026-11-20 11:01:00.000',35.857,0),
(2,'2026-11-20 11:04:00.000',36.286,0),
(2,'2026-11-20 11:07:00.000',36.714,0),
(2,'2026-11-20 11:10:00.000',37.143,0),
(2,'2026-11-20 11:13:00.000',37.571,0),
(2,'2026-11-20 11:16:00.000',38,0),
(2,'2026-11-20 11:19:00.000',38.429,0),
(2,'2026-11-20 11:22:00.000',38.857,0),
(2,'2026-11-20 11:25:00.000',39.286,0),
(2,'2026-11-20 11:28:00.000',39.714,0),
(2,'2026-11-20 11:31:00.000',40.143,0),
(2,'2026-11-20 11:34:00.000',40.571,0),
(2,'2026-11-20 11:37:00.000',41,0),
(2,'2026-11-20 11:40:00.000',41.429,0),
(2,'2026-11-20 11:43:00.000',41.857,0),
(2,'2026-11-20 11:46:00.000',42.286,0),
(2,'2026-11-20 11:49:00.000',42.714,0),
(2,'2026-11-20 11:52:00.000',43.143,0),
(2,'2026-11-20 11:55:00.000',43.571,0),
(2,'2026-11-20 11:58:00.000',44,0),
(2,'2026-11-20 12:01:00.000',44.429,0),
(2,'2026-11-20 12:04:00.000',44.857,0),
(2,'2026-11-20 12:07:00.000',45.286,0),
(2,'2026-11-20 12:10:00.000',NULL,0),
(2,'2026-11-20 12:13:00.000',46.143,0),
(2,'2026-11-20 12:16:00.000',46.571,0),
(2,'2026-11-20 12:19:00.000',47,0),
(2,'2026-11-20 12:22:00.000',47.429,0),
(2,'2026-11-20 12:25:00.000',47.857,0),
(2,'2026-11-20 12:28:00.000',48.286,0),
(2,'2026-11-20 12:31:00.000',48.714,0),
(2,'2026-11-20 12:34:00.000',49.143,0),
(2,'2026-11-20 12:37:00.000',49.571,0),
(2,'2026-11-20 12:40:00.000',50,0),
(2,'2026-11-20 12:43:00.000',50.429,0),
(2,'2026-11-20 12:46:00.000',50.857,0),
(2,'2026-11-20 12:49:00.000',51.286,0),
(2,'2026-11-20 12:52:00.000',51.714,0),
(2,'2026-11-20 12:55:00.000',52.143,0),
(2,'2026-11-20 12:58:00.000',52.571,0),
(3,'2026-11-20 08:02:00.000',10.286,0),
(3,'2026-11-20 08:05:00.000',10.714,0),
(3,'2026-11-20 08:08:00.000',11.143,0),
(3,'2026-11-20 08:11:00.000',11.571,0),
(3,'2026-11-20 08:14:00.000',12,0),
(3,'2026-11-20 08:17:00.000',12.429,0),
(3,'2026-11-20 08:20:00.000',12.857,0),
(3,'2026-11-20 08:23:00.000',13.286,0),
(3,'2026-11-20 08:26:00.000',13.714,0),
(3,'2026-11-20 08:29:00.000',14.143,0),
(3,'2026-11-20 08:32:00.000',14.571,0),
(3,'2026-11-20 08:35:00.000',15,0),
(3,'2026-11-20 08:38:00.000',15.429,0),
(3,'2026-11-20 08:41:00.000',15.857,0),
(3,'2026-11-20 08:44:00.000',16.286,0),
(3,'2026-11-20 08:47:00.000',16.714,0),
(3,'2026-11-20 08:50:00.000',NULL,0),
(3,'2026-11-20 08:53:00.000',17.571,0),
(3,'2026-11-20 08:56:00.000',18,0),
(3,'2026-11-20 08:59:00.000',18.429,0),
(3,'2026-11-20 09:02:00.000',18.857,0),
(3,'2026-11-20 09:05:00.000',19.286,0),
(3,'2026-11-20 09:08:00.000',19.714,0),
(3,'2026-11-20 09:11:00.000',20.143,0),
(3,'2026-11-20 09:14:00.000',20.571,0),
(3,'2026-11-20 09:17:00.000',21,0),
(3,'2026-11-20 09:20:00.000',21.429,0),
(3,'2026-11-20 09:23:00.000',21.857,0),
(3,'2026-11-20 09:26:00.000',22.286,0),
(3,'2026-11-20 09:29:00.000',22.714,0),
(3,'2026-11-20 09:32:00.000',23.143,0),
(3,'2026-11-20 09:35:00.000',23.571,0),
(3,'2026-11-20 09:38:00.000',24,0),
(3,'2026-11-20 09:41:00.000',24.429,0),
(3,'2026-11-20 09:44:00.000',24.857,0),
(3,'2026-11-20 09:47:00.000',25.286,0),
(3,'2026-11-20 09:50:00.000',25.714,0),
(3,'2026-11-20 09:53:00.000',26.143,0),
(3,'2026-11-20 09:56:00.000',26.571,0),
(3,'2026-11-20 09:59:00.000',27,0),
(3,'2026-11-20 10:02:00.000',27.429,0),
(3,'2026-11-20 10:05:00.000',27.857,0),
(3,'2026-11-20 10:08:00.000',28.286,0),
(3,'2026-11-20 10:11:00.000',28.714,0),
(3,'2026-11-20 10:14:00.000',29.143,0),
(3,'2026-11-20 10:17:00.000',29.571,0),
(3,'2026-11-20 10:20:00.000',30,0),
(3,'2026-11-20 10:23:00.000',30.429,0),
(3,'2026-11-20 10:26:00.000',30.857,0),
(3,'2026-11-20 10:29:00.000',31.286,0),
(3,'2026-11-20 10:32:00.000',31.714,0),
(3,'2026-11-20 10:35:00.000',32.143,0),
(3,'2026-11-20 10:38:00.000',32.571,0),
(3,'2026-11-20 10:41:00.000',33,0),
(3,'2026-11-20 10:44:00.000',33.429,0),
(3,'2026-11-20 10:47:00.000',33.857,0),
(3,'2026-11-20 10:50:00.000',34.286,0),
(3,'2026-11-20 10:53:00.000',34.714,0),
(3,'2026-11-20 10:56:00.000',35.143,0),
(3,'2026-11-20 10:59:00.000',35.571,0),
(3,'2026-11-20 11:02:00.000',36,0),
(3,'2026-11-20 11:05:00.000',36.429,0),
(3,'2026-11-20 11:08:00.000',36.857,0),
(3,'2026-11-20 11:11:00.000',37.286,0),
(3,'2026-11-20 11:14:00.000',37.714,0),
(3,'2026-11-20 11:17:00.000',38.143,0),
(3,'2026-11-20 11:20:00.000',NULL,0),
(3,'2026-11-20 11:23:00.000',39,0),
(3,'2026-11-20 11:26:00.000',39.429,0),
(3,'2026-11-20 11:29:00.000',39.857,0),
(3,'2026-11-20 11:32:00.000',40.286,0),
(3,'2026-11-20 11:35:00.000',40.714,0),
(3,'2026-11-20 11:38:00.000',41.143,0),
(3,'2026-11-20 11:41:00.000',41.571,0),
(3,'2026-11-20 11:44:00.000',42,0),
(3,'2026-11-20 11:47:00.000',42.429,0),
(3,'2026-11-20 11:50:00.000',42.857,0),
(3,'2026-11-20 11:53:00.000',43.286,0),
(3,'2026-11-20 11:56:00.000',43.714,0),
(3,'2026-11-20 11:59:00.000',44.143,0),
(3,'2026-11-20 12:02:00.000',44.571,0),
(3,'2026-11-20 12:05:00.000',45,0),
(3,'2026-11-20 12:08:00.000',45.429,0),
(3,'2026-11-20 12:11:00.000',45.857,0),
(3,'2026-11-20 12:14:00.000',46.286,0),
(3,'2026-11-20 12:17:00.000',46.714,0),
(3,'2026-11-20 12:20:00.000',47.143,0),
(3,'2026-11-20 12:23:00.000',47.571,0),
(3,'2026-11-20 12:26:00.000',48,0),
(3,'2026-11-20 12:29:00.000',48.429,0),
(3,'2026-11-20 12:32:00.000',48.857,0),
(3,'2026-11-20 12:35:00.000',49.286,0),
(3,'2026-11-20 12:38:00.000',49.714,0),
(3,'2026-11-20 12:41:00.000',50.143,0),
(3,'2026-11-20 12:44:00.000',50.571,0),
(3,'2026-11-20 12:47:00.000',51,0),
(3,'2026-11-20 12:50:00.000',51.429,0),
(3,'2026-11-20 12:53:00.000',51.857,0),
(3,'2026-11-20 12:56:00.000',52.286,0),
(3,'2026-11-20 12:59:00.000',52.714,0);
/*!40000 ALTER TABLE `reading` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `reading_1h` (
  `series_id` smallint(6) NOT NULL,
  `started_at` datetime(3) NOT NULL,
  `n` int(11) NOT NULL,
  `min` double NOT NULL,
  `mean` double NOT NULL,
  `max` double NOT NULL,
  PRIMARY KEY (`series_id`,`started_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `reading_1h` WRITE;
/*!40000 ALTER TABLE `reading_1h` DISABLE KEYS */;
INSERT INTO `reading_1h` VALUES
(1,'2026-11-20 08:01:00.000',1,10.143,10.143,10.143),
(2,'2026-11-20 08:02:00.000',2,10.286,10.286,10.286),
(3,'2026-11-20 08:03:00.000',3,10.429,10.429,10.429),
(4,'2026-11-20 08:04:00.000',4,10.571,10.571,10.571);
/*!40000 ALTER TABLE `reading_1h` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `reading_5min` (
  `series_id` smallint(6) NOT NULL,
  `started_at` datetime(3) NOT NULL,
  `n` int(11) NOT NULL,
  `min` double NOT NULL,
  `mean` double NOT NULL,
  `max` double NOT NULL,
  PRIMARY KEY (`series_id`,`started_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `reading_5min` WRITE;
/*!40000 ALTER TABLE `reading_5min` DISABLE KEYS */;
INSERT INTO `reading_5min` VALUES
(1,'2026-11-20 08:01:00.000',1,10.143,10.143,10.143),
(2,'2026-11-20 08:02:00.000',2,10.286,10.286,10.286),
(3,'2026-11-20 08:03:00.000',3,10.429,10.429,10.429),
(4,'2026-11-20 08:04:00.000',4,10.571,10.571,10.571);
/*!40000 ALTER TABLE `reading_5min` ENABLE KEYS */;
UNLOCK TABLES;
SET @saved_cs_client     = @@character_set_client;
SET character_set_client = utf8mb4;
/*!50001 CREATE VIEW `readings` AS SELECT
 NULL AS `cell`,
 NULL AS `parameter`,
 NULL AS `observed_at`,
 NULL AS `value`,
 NULL AS `unit`,
 NULL AS `quality` */;
SET character_set_client = @saved_cs_client;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `rejected_message` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `topic` varchar(1024) NOT NULL,
  `payload` mediumblob NOT NULL,
  `size` int(11) NOT NULL,
  `reason` varchar(1024) NOT NULL,
  `received_at` datetime(3) NOT NULL,
  `publisher_id` varchar(64) DEFAULT NULL,
  `sequence` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_rejected_message_received_at` (`received_at`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `rejected_message` WRITE;
/*!40000 ALTER TABLE `rejected_message` DISABLE KEYS */;
INSERT INTO `rejected_message` VALUES
(1,'topic1é',0x7B2278223A20317D,1,'reason1é','2026-11-20 08:01:00.000','publisher_id1é',1),
(2,'topic2é',0x7B2278223A20317D,2,'reason2é','2026-11-20 08:02:00.000','publisher_id2é',2),
(3,'topic3é',0x7B2278223A20317D,3,'reason3é','2026-11-20 08:03:00.000','publisher_id3é',3),
(4,'topic4é',0x7B2278223A20317D,4,'reason4é','2026-11-20 08:04:00.000','publisher_id4é',4);
/*!40000 ALTER TABLE `rejected_message` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `role` (
  `code` varchar(20) NOT NULL,
  `rank` smallint(6) NOT NULL,
  PRIMARY KEY (`code`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `role` WRITE;
/*!40000 ALTER TABLE `role` DISABLE KEYS */;
INSERT INTO `role` VALUES
('admin',3),
('member',1),
('technician',2);
/*!40000 ALTER TABLE `role` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `series` (
  `id` smallint(6) NOT NULL AUTO_INCREMENT,
  `cell_id` smallint(6) NOT NULL,
  `parameter_id` smallint(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_series_cell_id_parameter_id` (`cell_id`,`parameter_id`),
  KEY `fk_series_parameter_id` (`parameter_id`),
  CONSTRAINT `fk_series_cell_id` FOREIGN KEY (`cell_id`) REFERENCES `cell` (`id`),
  CONSTRAINT `fk_series_parameter_id` FOREIGN KEY (`parameter_id`) REFERENCES `parameter` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=292 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `series` WRITE;
/*!40000 ALTER TABLE `series` DISABLE KEYS */;
INSERT INTO `series` VALUES
(1,1,1),
(2,1,2),
(3,1,3),
(4,1,4),
(5,1,5),
(6,1,6),
(7,1,7),
(8,1,8),
(9,1,10),
(10,1,11),
(11,1,12),
(12,1,13),
(13,1,14),
(14,1,15),
(15,1,16),
(16,1,17),
(17,2,1),
(18,2,2),
(19,2,3),
(20,2,4),
(21,2,5),
(22,2,6),
(23,2,7),
(24,2,8),
(25,2,10),
(26,2,11),
(27,2,12),
(28,2,13),
(29,2,14),
(30,2,15),
(31,2,16),
(32,2,17),
(33,3,1),
(34,3,2),
(35,3,3),
(36,3,4),
(37,3,5),
(38,3,6),
(39,3,7),
(40,3,8),
(41,3,10),
(42,3,11),
(43,3,12),
(44,3,13),
(45,3,14),
(46,3,15),
(47,3,16),
(48,3,17),
(49,4,1),
(50,4,2),
(51,4,3),
(52,4,4),
(53,4,5),
(54,4,6),
(55,4,7),
(56,4,8),
(57,4,10),
(58,4,11),
(59,4,12),
(60,4,13),
(61,4,14),
(62,4,15),
(63,4,16),
(64,4,17),
(65,5,1),
(66,5,2),
(67,5,3),
(68,5,4),
(69,5,5),
(70,5,6),
(71,5,7),
(72,5,8),
(73,5,10),
(74,5,11),
(75,5,12),
(76,5,13),
(77,5,14),
(78,5,15),
(79,5,16),
(80,5,17),
(81,6,1),
(82,6,2),
(83,6,3),
(84,6,4),
(85,6,5),
(86,6,6),
(87,6,7),
(88,6,8),
(89,6,10),
(90,6,11),
(91,6,12),
(92,6,13),
(93,6,14),
(94,6,15),
(95,6,16),
(96,6,17),
(97,7,1),
(98,7,2),
(99,7,3),
(100,7,4),
(101,7,5),
(102,7,6),
(103,7,7),
(104,7,8),
(105,7,10),
(106,7,11),
(107,7,12),
(108,7,13),
(109,7,14),
(110,7,15),
(111,7,16),
(112,7,17),
(113,8,1),
(114,8,2),
(115,8,3),
(116,8,4),
(117,8,5),
(118,8,6),
(119,8,7),
(120,8,8),
(121,8,10),
(122,8,11),
(123,8,12),
(124,8,13),
(125,8,14),
(126,8,15),
(127,8,16),
(128,8,17),
(129,9,1),
(130,9,2),
(131,9,3),
(132,9,4),
(133,9,5),
(134,9,6),
(135,9,7),
(136,9,8),
(137,9,10),
(138,9,11),
(139,9,12),
(140,9,13),
(141,9,14),
(142,9,15),
(143,9,16),
(144,9,17),
(145,10,1),
(146,10,2),
(147,10,3),
(148,10,4),
(149,10,5),
(150,10,6),
(151,10,7),
(152,10,8),
(153,10,10),
(154,10,11),
(155,10,12),
(156,10,13),
(157,10,14),
(158,10,15),
(159,10,16),
(160,10,17),
(161,11,1),
(162,11,2),
(163,11,3),
(164,11,4),
(165,11,5),
(166,11,6),
(167,11,7),
(168,11,8),
(169,11,10),
(170,11,11),
(171,11,12),
(172,11,13),
(173,11,14),
(174,11,15),
(175,11,16),
(176,11,17),
(177,12,1),
(178,12,2),
(179,12,3),
(180,12,4),
(181,12,5),
(182,12,6),
(183,12,7),
(184,12,8),
(185,12,10),
(186,12,11),
(187,12,12),
(188,12,13),
(189,12,14),
(190,12,15),
(191,12,16),
(192,12,17),
(193,13,1),
(194,13,2),
(195,13,3),
(196,13,4),
(197,13,5),
(198,13,6),
(199,13,7),
(200,13,8),
(201,13,9),
(202,13,10),
(203,13,11),
(204,13,12),
(205,13,13),
(206,13,14),
(207,13,15),
(208,13,16),
(209,13,17),
(210,14,1),
(211,14,2),
(212,14,3),
(213,14,4),
(214,14,5),
(215,14,6),
(216,14,7),
(217,14,8),
(218,14,9),
(219,14,10),
(220,14,11),
(221,14,12),
(222,14,13),
(223,14,14),
(224,14,15),
(225,14,16),
(226,14,17),
(227,15,1),
(228,15,2),
(229,15,3),
(230,15,4),
(231,15,5),
(232,15,6),
(233,15,7),
(234,15,8),
(235,15,9),
(236,15,10),
(237,15,11),
(238,15,12),
(239,15,13),
(240,15,14),
(241,15,15),
(242,15,16),
(243,15,17),
(244,16,1),
(245,16,2),
(246,16,3),
(247,16,4),
(248,16,5),
(249,16,6),
(250,16,7),
(251,16,8),
(252,16,10),
(253,16,11),
(254,16,12),
(255,16,13),
(256,16,14),
(257,16,15),
(258,16,16),
(259,16,17),
(260,17,1),
(261,17,2),
(262,17,3),
(263,17,4),
(264,17,5),
(265,17,6),
(266,17,7),
(267,17,8),
(268,17,10),
(269,17,11),
(270,17,12),
(271,17,13),
(272,17,14),
(273,17,15),
(274,17,16),
(275,17,17),
(276,18,1),
(277,18,2),
(278,18,3),
(279,18,4),
(280,18,5),
(281,18,6),
(282,18,7),
(283,18,8),
(284,18,10),
(285,18,11),
(286,18,12),
(287,18,13),
(288,18,14),
(289,18,15),
(290,18,16),
(291,18,17);
/*!40000 ALTER TABLE `series` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `session` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `token_hash` varchar(64) NOT NULL,
  `person_id` int(11) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `seen_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `address` varchar(64) NOT NULL,
  `agent` varchar(255) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_session_token_hash` (`token_hash`),
  KEY `ix_session_person_id` (`person_id`),
  CONSTRAINT `fk_session_person_id` FOREIGN KEY (`person_id`) REFERENCES `person` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `session` WRITE;
/*!40000 ALTER TABLE `session` DISABLE KEYS */;
INSERT INTO `session` VALUES
(1,'token_hash1é',1,'2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','2026-11-20 08:01:00.000','address1é','agent1é'),
(2,'token_hash2é',2,'2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','2026-11-20 08:02:00.000','address2é','agent2é'),
(3,'token_hash3é',3,'2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','2026-11-20 08:03:00.000','address3é','agent3é'),
(4,'token_hash4é',4,'2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','2026-11-20 08:04:00.000','address4é','agent4é');
/*!40000 ALTER TABLE `session` ENABLE KEYS */;
UNLOCK TABLES;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `unit` (
  `id` smallint(6) NOT NULL AUTO_INCREMENT,
  `code` varchar(64) NOT NULL,
  `label_fr` varchar(200) NOT NULL,
  `label_en` varchar(200) NOT NULL,
  `kind` varchar(64) NOT NULL,
  `position` smallint(6) NOT NULL,
  `retired_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_unit_code` (`code`)
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `unit` WRITE;
/*!40000 ALTER TABLE `unit` DISABLE KEYS */;
INSERT INTO `unit` VALUES
(1,'ecolab-1','ECOLAB 1','ECOLAB 1','ecolab',0,NULL),
(2,'ecolab-2','ECOLAB 2','ECOLAB 2','ecolab',1,NULL),
(3,'ecolab-3','ECOLAB 3','ECOLAB 3','ecolab',2,NULL),
(4,'ecolab-4','ECOLAB 4','ECOLAB 4','ecolab',3,NULL),
(5,'ecolab-5','ECOLAB 5','ECOLAB 5','ecolab',4,NULL),
(6,'ecocube-1','ECOCUBE','ECOCUBE','ecocube',5,NULL);
/*!40000 ALTER TABLE `unit` ENABLE KEYS */;
UNLOCK TABLES;
/*!50001 DROP VIEW IF EXISTS `readings`*/;
/*!50001 SET @saved_cs_client          = @@character_set_client */;
/*!50001 SET @saved_cs_results         = @@character_set_results */;
/*!50001 SET @saved_col_connection     = @@collation_connection */;
/*!50001 SET character_set_client      = utf8mb4 */;
/*!50001 SET character_set_results     = utf8mb4 */;
/*!50001 SET collation_connection      = utf8mb4_general_ci */;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013  SQL SECURITY DEFINER */
/*!50001 VIEW `readings` AS select `cell`.`code` AS `cell`,`parameter`.`code` AS `parameter`,`reading`.`observed_at` AS `observed_at`,`reading`.`value` AS `value`,`parameter`.`unit` AS `unit`,`reading`.`quality` AS `quality` from (((`reading` join `series` on(`series`.`id` = `reading`.`series_id`)) join `cell` on(`cell`.`id` = `series`.`cell_id`)) join `parameter` on(`parameter`.`id` = `series`.`parameter_id`)) */;
/*!50001 SET character_set_client      = @saved_cs_client */;
/*!50001 SET character_set_results     = @saved_cs_results */;
/*!50001 SET collation_connection      = @saved_col_connection */;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

